import type { RefreshTokenRecord } from "@evergrant/sandbox";
import { readClaimLog, type LogEntry } from "./claim-log.ts";
import { grouped } from "./grouped.ts";
import { readHeldTokens, type HeldTokens, type StoredConnection } from "./held-tokens.ts";
import type { ProofStage } from "./proof-stage.ts";
import { verdictOn, type Verdict } from "./verdict.ts";

export interface Judgement {
  connections: number;
  losses: Loss[];
  /** Refresh tokens that the server issued. */
  issued: number;
  /** Acknowledged by a journal, and not readable now. Must be 0. */
  damages: number;
  log: readonly LogEntry[];
}

export interface Loss {
  connectionId: string;
  verdict: Verdict;
  /** For a person who looks into it. */
  family: readonly RefreshTokenRecord[];
  log: readonly LogEntry[];
}

/**
 * Ends the processes in an orderly way, so that nothing changes any more, and holds what Evergrant has on disk against what the
 * server says it committed. `works`: those that could be refreshed last.
 */
export async function judge(stage: ProofStage, works: ReadonlySet<string>): Promise<Judgement> {
  await stage.cluster.stop();
  const held = await readHeldTokens(stage);
  const records = stage.sandbox.control.refreshTokens();
  const log = await readClaimLog(stage.shared);
  const lossOf = judgeOf(stage, { held, records, log });
  const losses = held.connections.flatMap((connection) => lossOf(connection, works.has(connection.id)) ?? []);
  return { connections: held.connections.length, losses, issued: records.length, damages: held.damages, log };
}

interface Facts {
  held: HeldTokens;
  records: readonly RefreshTokenRecord[];
  log: readonly LogEntry[];
}

function judgeOf({ accounts, cluster }: ProofStage, { held, records, log }: Facts) {
  const families = grouped(records, ({ family }) => family);
  const byToken = new Map(records.map((record) => [record.token, record]));
  const entries = grouped(log, ({ connectionId }) => connectionId);

  /** The server would accept what is stored. */
  function isAlive({ refreshToken }: StoredConnection): boolean {
    const record = byToken.get(refreshToken ?? "");
    return record?.usedAt === null && record.revokedAt === null;
  }

  return (connection: StoredConnection, works: boolean): Loss | undefined => {
    const first = byToken.get(accounts.firstTokens().get(connection.account) ?? "");
    const family = families.get(first?.family ?? "") ?? [];
    const ownLog = entries.get(connection.id) ?? [];
    const claims = ownLog.filter(({ owner }) => owner !== null);
    const verdicts = family
      .slice(1)
      .filter(({ token }) => !held.journaled.has(token))
      .map((lost) =>
        held.stored.has(lost.token) ? UNJOURNALED : verdictOn(lost, { family, claims, lives: cluster.lives() }),
      );
    const verdict = conclusion(verdicts, works && isAlive(connection));
    return verdict && { connectionId: connection.id, verdict, family, log: ownLog };
  };
}

const UNJOURNALED: Verdict = { kind: "ours", why: "a refresh token is in the database and in no journal" };

/** A token that is missing without an excuse counts even where the connection got over it. */
function conclusion(verdicts: readonly Verdict[], lives: boolean): Verdict | undefined {
  const ours = verdicts.find(({ kind }) => kind === "ours");
  if (ours ?? lives) return ours;
  return verdicts[0] ?? { kind: "ours", why: "every token it ever had is on disk, and yet it does not work" };
}
