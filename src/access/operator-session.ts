import { createHmac } from "node:crypto";
import { HOUR, MINUTE, type Clock } from "../runtime/clock.ts";
import { createId, isId } from "../runtime/id.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { isUsable } from "./api-key.ts";
import { callerOf, type Caller } from "./authenticator.ts";
import type { ApiKeyStore } from "./store.ts";
import type { Tenants } from "./tenants.ts";

/** A browser that is signed in as an operator. It may do what the API key may that it was opened with, as long as that lives. */
export interface OperatorSession {
  id: string;
  tenantId: string;
  keyId: string;
  /** A keyed hash of the cookie. */
  hash: string;
  createdAt: number;
  expiresAt: number;
  lastUsedAt: number;
  /** Milliseconds since then. */
  unusedMs: number;
  /** The address that it was opened from; null where it is not known. */
  from: string | null;
}

export type NewOperatorSession = Pick<OperatorSession, "id" | "tenantId" | "keyId" | "hash" | "from">;

/** Only sessions that live: not ended, not too old, and used lately. All by the database's clock. */
export interface OperatorSessionStore {
  create(session: NewOperatorSession, lifeMs: number): Promise<void>;
  find(id: string, idleMs: number): Promise<OperatorSession | null>;
  list(tenantId: string, idleMs: number): Promise<OperatorSession[]>;
  /** Notes that it is used now, unless that was noted within `atMostEveryMs`. */
  touch(id: string, atMostEveryMs: number): Promise<void>;
  /** False when there is no such session of the tenant that was not ended before. */
  end(tenantId: string, id: string): Promise<boolean>;
}

/** From the sign-in to the end, whatever is done with it. */
export const SESSION_LIFE = 12 * HOUR;
/** Nobody has used it for so long, and it is over. */
export const SESSION_IDLE = HOUR;
const TOUCHED_EVERY = MINUTE;

export interface OpenedSession {
  id: string;
  /** What the cookie holds; shown to the browser once. */
  cookie: Secret<string>;
}

export interface OperatorSessions {
  /** Opens a session for whoever calls with an API key, through a store for that act. */
  open(caller: Caller, from: string | null, through: (id: string) => OperatorSessionStore): Promise<OpenedSession>;
  /** Who calls with this cookie; null when it is none, or over. */
  verify(cookie: string): Promise<Caller | null>;
  /** What a page of ours knows of the session, and no other site: it is sent along with every change. */
  csrfToken(id: string): string;
  isCsrfToken(id: string, given: string): boolean;
}

export interface OperatorSessionDeps {
  store: OperatorSessionStore;
  keys: Pick<ApiKeyStore, "find">;
  tenants: Pick<Tenants, "find">;
  /** Hashes cookies, and makes the tokens against CSRF. */
  sessionKey: Secret<Uint8Array>;
  clock: Clock;
  random: Random;
}

export function createOperatorSessions({
  store,
  keys,
  tenants,
  sessionKey,
  clock,
  random,
}: OperatorSessionDeps): OperatorSessions {
  const hmac = (text: string): string => createHmac("sha256", sessionKey.reveal()).update(text).digest("base64url");
  const csrfToken = (id: string): string => hmac(`csrf.${id}`);

  return {
    open: async (caller, from, through) => {
      const id = createId("ops", clock, random);
      const cookie = `${id}.${randomToken(random)}`;
      const { tenantId, keyId } = caller;
      await through(id).create({ id, tenantId, keyId, from, hash: hmac(`cookie.${cookie}`) }, SESSION_LIFE);
      return { id, cookie: secret(cookie) };
    },
    verify: async (cookie) => {
      const [id = ""] = cookie.split(".");
      const session = isId("ops", id) ? await store.find(id, SESSION_IDLE) : null;
      if (!session || !sameSecret(hmac(`cookie.${cookie}`), session.hash)) return null;
      const key = await keys.find(session.keyId);
      const tenant = key && (await tenants.find(key.tenantId));
      if (!key || !tenant || tenant.closedAt !== null || !isUsable(key, clock.now())) return null;
      if (session.unusedMs >= TOUCHED_EVERY) await store.touch(id, TOUCHED_EVERY);
      return { ...callerOf(key, tenant), keyId: id };
    },
    csrfToken,
    isCsrfToken: (id, given) => sameSecret(given, csrfToken(id)),
  };
}
