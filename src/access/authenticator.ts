import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { isWithin, parseAddress, parseBlock, type AddressBlock } from "./address-block.ts";
import { hashKey, isUsable, readKeyId, sameHash, type ApiKey, type Scope } from "./api-key.ts";
import type { ApiKeyStore } from "./store.ts";
import type { Tenant, TenantLimits } from "./tenant.ts";
import type { Tenants } from "./tenants.ts";

/** Who calls, once the key is verified. */
export interface Caller {
  /** Of the key; of the session, where an operator calls with one. */
  keyId: string;
  tenantId: string;
  scopes: ReadonlySet<Scope>;
  /** The only connections that it reaches; null for all that its tenant has. */
  connections: ReadonlySet<string> | null;
  /** From where the key may be used; null for anywhere. */
  allowedFrom: readonly AddressBlock[] | null;
  /** Requests a second; null for what the installation allows each key. */
  rateLimit: number | null;
  /** Of its tenant. */
  limits: TenantLimits;
}

export interface Authenticator {
  /**
   * The caller, or null for a key that is unknown, wrong, expired or revoked. `guessed` is called before a key is looked up that
   * was not good lately, once for many requests at once; what it throws refuses the lookup.
   */
  verify(key: string, guessed?: () => void): Promise<Caller | null>;
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
  tenants: Pick<Tenants, "find">;
  pepper: Secret<Uint8Array>;
  clock: Clock;
}): Authenticator {
  const { keys, tenants, pepper, clock } = deps;
  const verified = new Map<string, { caller: Caller; until: number }>();
  const lookups = new Map<string, Promise<Caller | null>>();
  let revocations = 0;

  async function verify(text: string, guessed?: () => void): Promise<Caller | null> {
    const known = recall(text) ?? lookups.get(text);
    if (known) return known;
    if (!verified.has(text)) guessed?.();
    const lookup = lookUp(text).finally(() => {
      if (lookups.get(text) === lookup) lookups.delete(text);
    });
    lookups.set(text, lookup);
    return lookup;
  }

  async function lookUp(text: string): Promise<Caller | null> {
    const id = readKeyId(text);
    const revocationsBefore = revocations;
    const key = id === null ? null : await keys.find(id);
    if (!key || !sameHash(key.hash, hashKey(pepper, text)) || !isUsable(key, clock.now())) {
      verified.delete(text);
      return null;
    }
    const tenant = await tenants.find(key.tenantId);
    if (!tenant || tenant.closedAt !== null) {
      verified.delete(text);
      return null;
    }
    const caller = callerOf(key, tenant);
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
    verify,
    recall,
    forget: (keyId) => {
      revocations++;
      // Whoever comes from now on has to hear of it.
      lookups.clear();
      for (const [text, { caller }] of verified) if (caller.keyId === keyId) verified.delete(text);
    },
  };
}

export function callerOf(
  { id, tenantId, scopes, allowedCidrs, rateLimit }: ApiKey,
  { limits }: Pick<Tenant, "limits">,
): Caller {
  const blocks = allowedCidrs.map(parseBlock).filter((block) => block !== null);
  // Counted as it is stored: what cannot be read allows nobody, not everybody.
  const allowedFrom = allowedCidrs.length === 0 ? null : blocks;
  return { keyId: id, tenantId, scopes: new Set(scopes), connections: null, allowedFrom, rateLimit, limits };
}

/** An address that is not known is in no block. */
export function mayCallFrom({ allowedFrom }: Caller, from: string | null): boolean {
  if (allowedFrom === null) return true;
  const address = from === null ? null : parseAddress(from);
  return address !== null && allowedFrom.some((block) => isWithin(block, address));
}

/** The first scope that the caller lacks, and so cannot give away. */
export function lackedScope(caller: Caller, scopes: readonly Scope[]): Scope | undefined {
  return scopes.find((scope) => !permits(caller, scope));
}

/** Whether what the caller may do, it may do with this connection. */
export function reaches({ connections }: Caller, connectionId: string): boolean {
  return connections === null || connections.has(connectionId);
}

/** `admin` includes every scope. */
export function permits(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has("admin");
}
