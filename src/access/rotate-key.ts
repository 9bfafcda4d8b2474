import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { hashKey, isUsable, mintKey, type MintedKey } from "./api-key.ts";
import { lackedScope, type Authenticator, type Caller } from "./authenticator.ts";
import type { ApiKeyStore } from "./store.ts";

export interface RotateDeps {
  keys: ApiKeyStore;
  authenticator: Authenticator;
  pepper: Secret<Uint8Array>;
  clock: Clock;
  random: Random;
}

/** The new key, and when the old one ends. */
export interface Rotated extends MintedKey {
  expiresAt: number | null;
  replacedEndsAt: number;
}

/**
 * Makes a key that takes the place of another, which lives on for the overlap. Throws `not_found`, `forbidden` for a key with a
 * scope that the caller lacks, and `conflict` for one that was replaced before: who stole a key that is on its way out cannot
 * make itself another one.
 */
export async function rotateKey(
  deps: RotateDeps,
  caller: Caller,
  { id, overlapMs }: { id: string; overlapMs: number },
): Promise<Rotated> {
  const { keys, clock } = deps;
  const { tenantId } = caller;
  const key = await keys.find(id);
  if (key?.tenantId !== tenantId || !isUsable(key, clock.now())) throw gone();
  const lacked = lackedScope(caller, key.scopes);
  if (lacked !== undefined) {
    throw new ServiceError("forbidden", `This API key cannot give away the scope "${lacked}", which it lacks.`);
  }
  const minted = mintKey(key.scopes.includes("admin") ? "admin" : "key", clock, deps.random);
  const successor = { id: minted.id, hash: hashKey(deps.pepper, minted.text.reveal()) };
  const replacedEndsAt = await keys.rotate({ tenantId, id, successor, overlapMs });
  // This process would trust the old key for some seconds more.
  deps.authenticator.forget(id);
  const made = await keys.find(minted.id);
  if (replacedEndsAt !== null && made) return { ...minted, expiresAt: made.expiresAt, replacedEndsAt };
  const replacedBy = (await keys.find(id))?.replacedBy;
  if (replacedBy === undefined || replacedBy === null) throw gone();
  throw new ServiceError("conflict", `This API key was rotated already; ${replacedBy} takes its place.`);
}

function gone(): ServiceError {
  return new ServiceError("not_found", "There is no such API key, or it has ended.");
}
