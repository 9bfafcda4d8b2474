import { createHmac } from "node:crypto";
import { HOUR, MINUTE, type Clock } from "../runtime/clock.ts";
import { createId, isId } from "../runtime/id.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { isUsable } from "./api-key.ts";
import type { ActDetail, Actor } from "./audit.ts";
import { callerOf, type Caller } from "./authenticator.ts";
import { roleOf, SCOPES_OF, type Operator, type OperatorPolicy, type Role } from "./operator.ts";
import type { ApiKeyStore } from "./store.ts";
import type { Tenants } from "./tenants.ts";

/**
 * A browser that is signed in as an operator. It may do what the API key may that it was opened with, as long as that lives, or what
 * the settings let the person do who signed in.
 */
export interface OperatorSession {
  id: string;
  tenantId: string;
  /** Null where a person signed in. */
  keyId: string | null;
  /** Null where it was opened with a key. */
  operator: Operator | null;
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

export type NewOperatorSession = Pick<OperatorSession, "id" | "tenantId" | "keyId" | "operator" | "hash" | "from">;

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

/** Who calls with a session; `keyId` is the session's. */
export interface OperatorCaller extends Caller {
  /** Null where the session was opened with a key. */
  operator: SignedInOperator | null;
}

export interface SignedInOperator extends Operator {
  role: Role;
}

export type SessionOwner = Pick<OperatorSession, "tenantId" | "keyId" | "operator">;

export interface OperatorSessions {
  /** Opens a session for whoever calls with an API key, or has signed in, through a store for that act. */
  open(owner: SessionOwner, from: string | null, through: (id: string) => OperatorSessionStore): Promise<OpenedSession>;
  /** Who calls with this cookie; null when it is none, or over. */
  verify(cookie: string): Promise<OperatorCaller | null>;
  /** What the settings let a person do who has signed in; null for nothing any more. */
  roleOf(operator: Operator): Role | null;
  /** What a page of ours knows of the session, and no other site: it is sent along with every change. */
  csrfToken(id: string): string;
  isCsrfToken(id: string, given: string): boolean;
}

export interface OperatorSessionDeps {
  store: OperatorSessionStore;
  keys: Pick<ApiKeyStore, "find">;
  tenants: Pick<Tenants, "find">;
  /** Who may sign in; null where nobody can without a key. */
  policy: OperatorPolicy | null;
  /** Hashes cookies, and makes the tokens against CSRF. */
  sessionKey: Secret<Uint8Array>;
  clock: Clock;
  random: Random;
}

export function createOperatorSessions(deps: OperatorSessionDeps): OperatorSessions {
  const { store, policy, sessionKey, clock, random } = deps;
  const hmac = (text: string): string => createHmac("sha256", sessionKey.reveal()).update(text).digest("base64url");
  const csrfToken = (id: string): string => hmac(`csrf.${id}`);

  return {
    open: async ({ tenantId, keyId, operator }, from, through) => {
      const id = createId("ops", clock, random);
      const cookie = `${id}.${randomToken(random)}`;
      const session = { id, tenantId, keyId, operator, from, hash: hmac(`cookie.${cookie}`) };
      await through(id).create(session, SESSION_LIFE);
      return { id, cookie: secret(cookie) };
    },
    verify: async (cookie) => {
      const [id = ""] = cookie.split(".");
      const session = isId("ops", id) ? await store.find(id, SESSION_IDLE) : null;
      if (!session || !sameSecret(hmac(`cookie.${cookie}`), session.hash)) return null;
      const caller = session.operator ? await personOf(deps, session, session.operator) : await keyOf(deps, session);
      if (caller && session.unusedMs >= TOUCHED_EVERY) await store.touch(id, TOUCHED_EVERY);
      return caller;
    },
    roleOf: (operator) => roleOf(operator, policy),
    csrfToken,
    isCsrfToken: (id, given) => sameSecret(given, csrfToken(id)),
  };
}

/** Its scopes are those of the key, as long as that may be used. */
async function keyOf(
  { keys, tenants, clock }: OperatorSessionDeps,
  { id, keyId }: OperatorSession,
): Promise<OperatorCaller | null> {
  const key = keyId === null ? null : await keys.find(keyId);
  const tenant = key && (await tenants.find(key.tenantId));
  if (!key || !tenant || tenant.closedAt !== null || !isUsable(key, clock.now())) return null;
  return { ...callerOf(key, tenant), keyId: id, operator: null };
}

/** The settings decide anew at each request, by what the issuer said when the person signed in. */
async function personOf(
  { policy, tenants }: OperatorSessionDeps,
  { id, tenantId }: OperatorSession,
  operator: Operator,
): Promise<OperatorCaller | null> {
  const role = roleOf(operator, policy);
  const tenant = role && (await tenants.find(tenantId));
  if (!role || !tenant || tenant.closedAt !== null) return null;
  const { limits } = tenant;
  const may = { scopes: new Set(SCOPES_OF[role]), connections: null, allowedFrom: null, rateLimit: null, limits };
  return { keyId: id, tenantId, ...may, expiresAt: null, operator: { ...operator, role } };
}

/** By whom an act is done: the person, where one has signed in. */
export function actorOf({ keyId, operator }: OperatorCaller): Actor {
  return operator ? { kind: "operator", id: operator.subject } : { kind: "operator_session", id: keyId };
}

/** What the entry of such an act has besides. */
export function detailOf({ keyId, operator }: OperatorCaller): ActDetail {
  return operator ? { operator_email: operator.email, operator_session: keyId } : {};
}
