import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { z } from "zod";
import type { SharedDatabase } from "./database.ts";
import type { ProofStage } from "./proof-stage.ts";

const detail = z.object({ status: z.string(), generation: z.int() });

interface Row {
  id: string;
  account: string;
  generation: number;
}

const AT_ONCE = 8;

/** Lets everything end that is under way, and refreshes every connection once more: says for which that works. */
export async function comeToRest(stage: ProofStage, patienceMs: number): Promise<Set<string>> {
  const { cluster, shared } = stage;
  const deadline = Date.now() + patienceMs;
  await cluster.untilServing(cluster.processes().length);
  while (Date.now() < deadline && (await countHeldLeases(shared)) > 0) await sleep(100);
  const works = new Set<string>();
  for (let left = await connectionsIn(shared); left.length > 0; left = left.filter(({ id }) => !works.has(id))) {
    await inParallel(left, async ({ id, generation }) => {
      const { data } = detail.safeParse((await cluster.api("POST", `/v1/connections/${id}/refresh`)).body);
      if (data && data.status === "active" && data.generation > generation) works.add(id);
    });
    const isHopeless = hopeless(stage);
    if (Date.now() > deadline || left.every((row) => works.has(row.id) || isHopeless(row))) break;
    await sleep(250);
  }
  return works;
}

/** The server has revoked everything of that account. */
function hopeless({ accounts, sandbox }: ProofStage): (row: Row) => boolean {
  const records = sandbox.control.refreshTokens();
  const families = new Map(records.map(({ token, family }) => [token, family]));
  const revoked = new Set(records.filter(({ revokedAt }) => revokedAt !== null).map(({ family }) => family));
  return ({ account }) => revoked.has(families.get(accounts.firstTokens().get(account) ?? "") ?? "");
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function countHeldLeases({ database }: SharedDatabase): Promise<number> {
  const query = sql<{ count: number }>`select count(*) as count from refresh_leases where owner is not null`;
  return (await database.read((queries) => query.execute(queries))).rows[0]?.count ?? 0;
}

async function connectionsIn({ database }: SharedDatabase): Promise<Row[]> {
  const query = sql<Row>`select id, account_id as account, generation
    from connections join token_sets on connection_id = id`;
  return (await database.read((queries) => query.execute(queries))).rows;
}
