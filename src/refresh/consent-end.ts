import type { Client } from "../client/client.ts";
import type { Connection } from "../connection/connection.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import type { Provider } from "../provider/provider.ts";
import { DAY, SECOND } from "../runtime/clock.ts";

/** What decides how long a consent lasts. */
export interface ConsentFacts {
  connection: Pick<Connection, "consentedAt">;
  tokens: Pick<TokenRecord, "obtainedAt" | "refreshExpiresAt">;
  client: Pick<Client, "settings">;
  provider: Pick<Provider, "lifetimes" | "rotation">;
}

/** Refresh tokens of a client in a test status live so long from the consent. */
export const TESTING_LIFE = 7 * DAY;

/** The end that refreshing cannot put off: by then a person has to consent anew. Epoch milliseconds; null when there is none. */
export function consentEnd(facts: ConsentFacts): number | null {
  const { connection, client, provider, tokens } = facts;
  const { consentedAt } = connection;
  const { absolute_seconds: absolute } = provider.lifetimes;
  return earliest([
    consentedAt !== null && absolute !== null ? consentedAt + absolute * SECOND : null,
    consentedAt !== null && client.settings.testing ? consentedAt + TESTING_LIFE : null,
    // Where each answer brings another refresh token, each brings another end too.
    provider.rotation === "never" ? tokens.refreshExpiresAt : null,
  ]);
}

/** The end of the refresh token if nothing is done; epoch milliseconds, null when it is not known to end. */
export function refreshTokenEnd(facts: ConsentFacts): number | null {
  const { tokens, provider } = facts;
  const { idle_seconds: idle } = provider.lifetimes;
  return earliest([
    consentEnd(facts),
    tokens.refreshExpiresAt,
    idle === null ? null : tokens.obtainedAt + idle * SECOND,
  ]);
}

/** Days ahead of the end of a consent at which it is warned of. */
const WARNINGS = [14, 3, 1];

/** The latest warning whose time came after `before` and until `now`, in days ahead of `end`; null when none did. */
export function warningDue(end: number | null, { before, now }: { before: number; now: number }): number | null {
  if (end === null || end <= now) return null;
  return WARNINGS.findLast((days) => before < end - days * DAY && end - days * DAY <= now) ?? null;
}

/** When the next warning is due; null when none is to come. */
export function nextWarningAt(end: number | null, now: number): number | null {
  if (end === null) return null;
  return earliest(WARNINGS.map((days) => end - days * DAY).filter((at) => at > now));
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
