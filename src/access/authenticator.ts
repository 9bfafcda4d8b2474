import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { isWithin, parseAddress, parseBlock, type AddressBlock } from "./address-block.ts";
import { readAgentToken, type AgentToken } from "./agent-token.ts";
import { hashKey, isUsable, readKeyId, sameHash, type ApiKey, type Scope } from "./api-key.ts";
import type { ApiKeyStore } from "./store.ts";
import type { Tenant, TenantLimits } from "./tenant.ts";
import type { Tenants } from "./tenants.ts";

/** Who calls, once the key is verified, or the agent token that was made with it. */
export interface Caller {
  /** Of the key, also where a token calls; of the session, where an operator calls with one. */
  keyId: string;
  tenantId: string;
  scopes: ReadonlySet<Scope>;
  /** The only connections that it reaches; null for all that its tenant has. */
  connections: ReadonlySet<string> | null;
  /** When what it calls with ends by itself; null for never. */
  expiresAt: number | null;
  /** From where the key may be used; null for anywhere. */
  allowedFrom: readonly AddressBlock[] | null;
  /** Requests a second; null for what the installation allows each key. */
  rateLimit: number | null;
  /** Of its tenant. */
  limits: TenantLimits;
}

export interface Authenticator {
  /**
   * The caller, or null for a key or a token that is unknown, wrong, expired or revoked. `guessed` is called before a key is looked up that
   * was not good lately, once for many requests at once; what it throws refuses the lookup.
   */
  verify(key: string, guessed?: () => void): Promise<Caller | null>;
  /** Answers from memory alone; undefined when the key has to be looked up. */
  recall(key: string): Caller | undefined;
  /** Forgets a key and its tokens at once, after it was revoked. */
  forget(keyId: string): void;
}

/** A verified key is trusted for this long before it is looked up again: the longest a revoked one works elsewhere. */
const TRUST = 5 * SECOND;
const MOST_KEYS = 10_000;

export function createAuthenticator(deps: {
  keys: ApiKeyStore;
  tenants: Pick<Tenants, "find">;
  pepper: Secret<Uint8Array>;
  /** Signs agent tokens. */
  agentKey: Secret<Uint8Array>;
  clock: Clock;
}): Authenticator {
  const { keys, tenants, pepper, agentKey, clock } = deps;
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
    const revocationsBefore = revocations;
    const token = readAgentToken(agentKey, text);
    const caller = token ? await bearerOf(token) : await holderOf(text);
    if (!caller) {
      verified.delete(text);
      return null;
    }
    // What was read before a revocation may be what it revoked.
    if (revocations !== revocationsBefore) return caller;
    if (verified.size >= MOST_KEYS) verified.clear();
    const lifeLeft = caller.expiresAt === null ? TRUST : caller.expiresAt - clock.now();
    verified.set(text, { caller, until: clock.monotonic() + Math.min(TRUST, lifeLeft) });
    return caller;
  }

  async function holderOf(text: string): Promise<Caller | null> {
    const id = readKeyId(text);
    const key = id === null ? null : await keys.find(id);
    return key && sameHash(key.hash, hashKey(pepper, text)) ? callerWith(key) : null;
  }

  /** As good as the key that it was made with. */
  async function bearerOf(token: AgentToken): Promise<Caller | null> {
    const key = token.expiresAt > clock.now() ? await keys.find(token.keyId) : null;
    const holder = key && (await callerWith(key));
    return holder && narrowed(holder, token);
  }

  async function callerWith(key: ApiKey): Promise<Caller | null> {
    if (!isUsable(key, clock.now())) return null;
    const tenant = await tenants.find(key.tenantId);
    return tenant?.closedAt === null ? callerOf(key, tenant) : null;
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
  { id, tenantId, scopes, allowedCidrs, rateLimit, expiresAt }: ApiKey,
  { limits }: Pick<Tenant, "limits">,
): Caller {
  const blocks = allowedCidrs.map(parseBlock).filter((block) => block !== null);
  // Counted as it is stored: what cannot be read allows nobody, not everybody.
  const allowedFrom = allowedCidrs.length === 0 ? null : blocks;
  const reach = { scopes: new Set(scopes), connections: null, expiresAt };
  return { keyId: id, tenantId, ...reach, allowedFrom, rateLimit, limits };
}

/** What is left to the holder of a key where one of its tokens calls. */
function narrowed(holder: Caller, { connections, expiresAt }: AgentToken): Caller {
  const scopes = new Set<Scope>(permits(holder, "token:read") ? ["token:read"] : []);
  const ends = Math.min(expiresAt, holder.expiresAt ?? expiresAt);
  return { ...holder, scopes, connections: new Set(connections), expiresAt: ends };
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
