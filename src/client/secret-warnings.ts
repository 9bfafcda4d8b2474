import { DAY } from "../runtime/clock.ts";
import { PROOFS, type ClientSecret } from "./client-secret.ts";

/** What an operator should see about the secrets of a client. */
export interface SecretWarning {
  code: "secret_expires" | "secret_expired" | "secret_refused" | "secret_proven";
  secretId: string;
  sentence: string;
}

/** Days ahead of the end of a secret at which it is warned of; 0: it has ended. */
const DAYS_AHEAD = [0, 1, 7, 30];

/** From so long before the end on there is something to warn of. */
export const FIRST_WARNING = Math.max(...DAYS_AHEAD) * DAY;

/** The warning that stands, in days ahead of `end`; null while the end is far. */
export function warningOf(end: number, now: number): number | null {
  return DAYS_AHEAD.find((days) => end - now <= days * DAY) ?? null;
}

/** Of all secrets of one client. */
export function secretWarnings(secrets: readonly ClientSecret[], now: number): SecretWarning[] {
  return secrets
    .filter(({ state, sealed }) => state !== "retired" && sealed !== null)
    .flatMap((secret) => [...expiry(secret, now), ...trial(secret)]);
}

function expiry({ id: secretId, state, expiresAt }: ClientSecret, now: number): SecretWarning[] {
  const days = expiresAt === null ? null : warningOf(expiresAt, now);
  if (expiresAt === null || days === null) return [];
  const successor = state === "active" ? " Make another at the provider and stage it here." : "";
  if (days === 0)
    return [{ code: "secret_expired", secretId, sentence: `The ${state} secret has expired.${successor}` }];
  const soon = days === 1 ? "a day" : `${days} days`;
  return [{ code: "secret_expires", secretId, sentence: `The ${state} secret expires within ${soon}.${successor}` }];
}

function trial({ id: secretId, state, refusal, provenCount }: ClientSecret): SecretWarning[] {
  if (state !== "staged") return [];
  if (refusal) {
    const sentence = `The provider refused the staged secret (${refusal.code}), and the active one is used. Check it and add it again.`;
    return [{ code: "secret_refused", secretId, sentence }];
  }
  if (provenCount < PROOFS) return [];
  return [{ code: "secret_proven", secretId, sentence: "The provider accepts the staged secret; it can be promoted." }];
}
