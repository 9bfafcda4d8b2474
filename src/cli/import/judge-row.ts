import { createHash } from "node:crypto";
import type { Secret } from "../../runtime/secret.ts";
import type { ClientMap } from "./client-map.ts";
import { isFaulty, RowFault, type FaultyRow, type ImportRow, type RowTokens } from "./import-row.ts";
import type { RowResult } from "./verdict.ts";

export type Judgement = Pick<RowResult, "verdict" | "detail" | "connection">;

/** A row that may be asked about: of a client of ours, and with a refresh token that no row before it had. */
export interface SoundRow {
  client: string;
  tokens: RowTokens & { refreshToken: Secret<string> };
}

export interface JudgeDeps {
  clients: ClientMap;
  now: () => number;
  /** Token sets are not read, because the other system would refresh them for it. */
  untouched: boolean;
}

/** Looks at rows before anything is sent: of those with the same refresh token the first that is looked at is the one. */
export function createJudge({ clients, now, untouched }: JudgeDeps) {
  const seen = new Map<string, string>();
  return async (row: ImportRow | FaultyRow): Promise<SoundRow | Judgement> => {
    if (isFaulty(row)) return judged(row.fault.verdict, row.fault.message);
    const found = clients(row);
    if ("verdict" in found) return judged(found.verdict, found.detail);
    if (untouched)
      return judged("unread", "Reading its tokens may make the other system refresh them, so they were not.");
    const tokens = await read(row);
    if (tokens instanceof RowFault) return judged(tokens.verdict, tokens.message);
    const { refreshToken, refreshExpiresAt } = tokens;
    if (refreshToken === null)
      return judged("no_refresh_token", "It has no refresh token; its user has to connect with offline access.");
    if (refreshExpiresAt !== null && refreshExpiresAt <= now()) {
      return judged("expired", "Its refresh token has expired; its user has to connect again.");
    }
    const name = nameOf(found.client, refreshToken);
    const earlier = seen.get(name);
    if (earlier !== undefined) return judged("duplicate", `It has the same refresh token as ${earlier}.`);
    seen.set(name, row.sourceId);
    return { client: found.client, tokens: { ...tokens, refreshToken } };
  };
}

export function isSound(judgement: SoundRow | Judgement): judgement is SoundRow {
  return "tokens" in judgement;
}

function judged(verdict: Judgement["verdict"], detail: string): Judgement {
  return { verdict, detail, connection: null };
}

async function read(row: ImportRow): Promise<RowTokens | RowFault> {
  try {
    return await row.tokens();
  } catch (error) {
    if (error instanceof RowFault) return error;
    throw error;
  }
}

/** Memory need not hold the tokens of all rows. */
function nameOf(client: string, refreshToken: Secret<string>): string {
  return createHash("sha256").update(`${client} ${refreshToken.reveal()}`).digest("base64url");
}
