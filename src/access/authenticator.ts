import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { hashKey, isUsable, readKeyId, sameHash, type Scope } from "./api-key.ts";
import type { ApiKeyStore } from "./store.ts";

/** Who calls, once the key is verified. */
export interface Caller {
  keyId: string;
  tenantId: string;
  scopes: ReadonlySet<Scope>;
}

export interface Authenticator {
  /** The caller, or null for a key that is unknown, wrong, expired or revoked. */
  verify(key: string): Promise<Caller | null>;
  /** Answers from memory alone; undefined when the key has to be looked up. */
  recall(key: string): Caller | undefined;
  /** Forgets a key at once, after it was revoked. */
  forget(keyId: string): void;
}

/** A verified key is trusted for this long before it is looked up again: the longest a revoked one works elsewhere. */
const TRUST = 5 * SECOND;
const MOST_KEYS = 10_000;

export function createAuthenticator(deps: {
  keys: ApiKeyStore;
  pepper: Secret<Uint8Array>;
  clock: Clock;
}): Authenticator {
  const { keys, pepper, clock } = deps;
  const verified = new Map<string, { caller: Caller; until: number }>();
  let revocations = 0;

  async function verify(text: string): Promise<Caller | null> {
    const id = readKeyId(text);
    const revocationsBefore = revocations;
    const key = id === null ? null : await keys.find(id);
    if (!key || !sameHash(key.hash, hashKey(pepper, text)) || !isUsable(key, clock.now())) return null;
    const caller = { keyId: key.id, tenantId: key.tenantId, scopes: new Set(key.scopes) };
    // What was read before a revocation may be what it revoked.
    if (revocations !== revocationsBefore) return caller;
    if (verified.size >= MOST_KEYS) verified.clear();
    const lifeLeft = key.expiresAt === null ? TRUST : key.expiresAt - clock.now();
    verified.set(text, { caller, until: clock.monotonic() + Math.min(TRUST, lifeLeft) });
    return caller;
  }

  function recall(text: string): Caller | undefined {
    const known = verified.get(text);
    return known && known.until > clock.monotonic() ? known.caller : undefined;
  }

  return {
    verify: async (text) => recall(text) ?? verify(text),
    recall,
    forget: (keyId) => {
      revocations++;
      for (const [text, { caller }] of verified) if (caller.keyId === keyId) verified.delete(text);
    },
  };
}

/** `admin` includes every scope. */
export function permits(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has("admin");
}
