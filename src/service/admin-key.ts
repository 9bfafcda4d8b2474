import { hashKey, isUsable, mintKey, readKeyId, sameHash } from "../access/api-key.ts";
import { DEFAULT_TENANT, type ApiKeyStore } from "../access/store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { StartError } from "./start-error.ts";

export interface AdminKeyDeps {
  keys: ApiKeyStore;
  pepper: Secret<Uint8Array>;
  clock: Clock;
  random: Random;
}

/**
 * Makes sure that there is an admin key: the one that was set, or, in a database without any that lives, a new one, which is
 * returned to be shown once. There is no default password. The key that was set before is revoked by one that is set anew.
 */
export async function ensureAdminKey(deps: AdminKeyDeps, given: Secret<string> | null): Promise<Secret<string> | null> {
  if (given) {
    await adopt(deps, given.reveal());
    return null;
  }
  const keys = await deps.keys.list(DEFAULT_TENANT);
  if (keys.some((key) => key.scopes.includes("admin") && isUsable(key, deps.clock.now()))) return null;
  const minted = mintKey("admin", deps.clock, deps.random);
  await store(deps, minted.id, minted.text.reveal());
  return minted.text;
}

async function adopt(deps: AdminKeyDeps, text: string): Promise<void> {
  const id = readKeyId(text);
  if (id === null) {
    throw new StartError(
      "settings",
      "EVERGRANT_ADMIN_KEY is not an API key. Make one with `evergrant keys generate admin`.",
    );
  }
  if (!(await deps.keys.find(id))) await store(deps, id, text);
  const known = await deps.keys.find(id);
  if (!known || !isUsable(known, deps.clock.now()) || !sameHash(known.hash, hashKey(deps.pepper, text))) {
    throw new StartError(
      "settings",
      "EVERGRANT_ADMIN_KEY was revoked, or replaced by another. Set its successor, or make another with `evergrant keys generate admin`.",
    );
  }
  await deps.keys.takeFromEnvironment(id);
}

function store(deps: AdminKeyDeps, id: string, text: string): Promise<void> {
  const hash = hashKey(deps.pepper, text);
  return deps.keys.create({
    id,
    tenantId: DEFAULT_TENANT,
    name: "admin",
    scopes: ["admin"],
    hash,
    expiresAt: null,
    allowedCidrs: [],
    rateLimit: null,
    replaces: null,
  });
}
