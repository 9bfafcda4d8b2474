import { setTimeout as sleep } from "node:timers/promises";
import { SECOND } from "../../runtime/clock.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-codes.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import { checkedSchema, type Checked } from "./check-connection.ts";
import type { Connection } from "./connection.ts";
import { allConnections } from "./list-connections.ts";

export interface ManyToCheck {
  client?: string;
  /** Only those that nothing has proven for so many days. */
  idle?: number;
  perSecond: number;
}

/** What the provider said of a connection; null where it could not be asked. */
interface Result {
  id: string;
  status: Connection["status"];
  proven_by: Checked["proven_by"];
  failure: string | null;
}

/** Progress is told this often. */
const TOLD = 50;

/** Checks one after the other, and returns the exit code: the worst that was found. */
export async function checkConnections(service: ServiceClient, output: Output, wish: ManyToCheck): Promise<number> {
  const counted = { works: 0, user: 0, unproven: 0 };
  async function* results(): AsyncGenerator<Result> {
    for await (const result of checkEach(service, wish)) {
      counted[kindOf(result)]++;
      yield result;
      const done = counted.works + counted.user + counted.unproven;
      if (done % TOLD === 0) output.remark(`${done} checked`);
    }
  }
  await output.results(results(), { all: (found) => summary(found, counted), none: "No connections to check." });
  if (counted.user > 0) return EXIT.reauthorization_required;
  return counted.unproven > 0 ? EXIT.unavailable : EXIT.ok;
}

async function* checkEach(service: ServiceClient, { client, idle, perSecond }: ManyToCheck): AsyncGenerator<Result> {
  const filter = { ...(client !== undefined && { client }), ...(idle !== undefined && { unprovenFor: idle }) };
  for await (const { id, status } of allConnections(service, filter)) {
    if (status === "disconnected") continue;
    yield await check(service, { id, status });
    await sleep(SECOND / perSecond);
  }
}

/** One that cannot be asked about is told, and the others are asked about all the same; not so a service that does not answer. */
async function check(service: ServiceClient, { id, status }: Pick<Connection, "id" | "status">): Promise<Result> {
  try {
    const asked = { method: "POST", path: path`/v1/connections/${id}/check` } as const;
    const { connection, proven_by } = await service.ask(asked, checkedSchema);
    return { id, status: connection.status, proven_by, failure: null };
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.facts.code === "unreachable") throw error;
    return { id, status, proven_by: null, failure: error.facts.code };
  }
}

function kindOf({ status, proven_by: provenBy }: Result): "works" | "user" | "unproven" {
  if (provenBy !== null) return "works";
  return status === "reauthorization_required" ? "user" : "unproven";
}

function summary(found: readonly Result[], counted: Record<"works" | "user" | "unproven", number>): string {
  const troubled = found.filter((result) => kindOf(result) !== "works");
  return [
    ...troubled.map(({ id, status, failure }) => printable(`${id}  ${failure ?? status}`)),
    `${found.length} checked: ${counted.works} work, ${counted.user} need their user, ${counted.unproven} not proven`,
  ].join("\n");
}
