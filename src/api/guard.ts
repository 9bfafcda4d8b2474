import type { FastifyReply, FastifyRequest } from "fastify";
import type { Scope } from "../access/api-key.ts";
import { tooMany, type Admission } from "../access/admission.ts";
import type { Actor } from "../access/audit.ts";
import { permits, type Caller } from "../access/authenticator.ts";
import { actorOf, type OperatorCaller } from "../access/operator-session.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { PeerAddress } from "./peer-address.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What an API key needs for this route; every route under /v1 names one. */
    scope?: Scope;
    /** A key needs no scope for this route where the id in its path is its own. */
    orOwnKey?: true;
    /** Who reaches some connections only is let in, and the route looks at which. */
    looksAtReach?: true;
  }
  interface FastifyRequest {
    caller: Caller | null;
    /** The same, where a browser calls with an operator's session; else null. */
    operator: OperatorCaller | null;
    /** Who changes what is changed. */
    actor: Actor | null;
    /** The address that the caller calls from; null when it is not known. */
    from: string | null;
  }
}

/**
 * What a route works with for one caller. The stores in it have no other tenant's rows (`OpenedDatabase.forTenant`); it is given no
 * others, so that it cannot forget whose things they are.
 */
export type ForCaller<T> = (caller: Caller) => T;

/** Who calls with the cookie of a session; null without one. */
export type OperatorGuard = (request: FastifyRequest, from: string | null) => Promise<OperatorCaller | null>;

/**
 * Verifies the API key of a request before anything of it is read (RFC 6750 §2.1), from where it is used, and how often. Without
 * a key, an operator's session stands for the one that it was opened with, or for the person who signed in.
 */
export function createGuard(admission: Admission, peerAddress: PeerAddress, operatorGuard: OperatorGuard) {
  const identify = identifier(admission, operatorGuard);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { scope, orOwnKey = false } = request.routeOptions.config;
    if (scope === undefined) return;
    const from = peerAddress(request.raw);
    const { operator, caller } = await identify(request, from);
    const waitMs = admission.enter(caller, from);
    void reply.headers(rateLimitHeaders(admission.limitsOf(caller)));
    if (waitMs > 0) throw tooMany("This API key, or all keys of its tenant, made too many requests.", waitMs);
    if (!permits(caller, scope) && !(orOwnKey && isOwnKey(request, caller))) {
      throw new ServiceError("forbidden", `This API key lacks the scope "${scope}".`);
    }
    if (!isWithinReach(request, caller)) throw new ServiceError("not_found", "There is no such connection.");
    request.caller = caller;
    request.from = from;
    request.operator = operator;
    request.actor = operator ? actorOf(operator) : { kind: "api_key", id: caller.keyId };
  };
}

/** Says anew who sends a request that takes long. Throws when that caller may not any more. */
export function createIdentify(admission: Admission, peerAddress: PeerAddress, operatorGuard: OperatorGuard) {
  const identify = identifier(admission, operatorGuard);
  return async (request: FastifyRequest): Promise<Caller> => (await identify(request, peerAddress(request.raw))).caller;
}

function identifier(admission: Admission, operatorGuard: OperatorGuard) {
  return async (request: FastifyRequest, from: string | null) => {
    const { authorization } = request.headers;
    const operator = authorization === undefined ? await operatorGuard(request, from) : null;
    const key = /^Bearer ([\x21-\x7e]{1,2000})$/i.exec(authorization ?? "")?.[1];
    return { operator, caller: operator ?? (await admission.identify(key, from)) };
  };
}

export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new ServiceError("unauthorized", "This call needs an API key.");
  return request.caller;
}

/** A token that was made with the key is not the key. */
function isOwnKey(request: FastifyRequest, { keyId, connections }: Caller): boolean {
  return connections === null && isAbout(request, keyId);
}

/** Who reaches some connections only is let into the routes that are about one of them, and into no others. */
function isWithinReach(request: FastifyRequest, caller: Caller): boolean {
  if (caller.connections === null || request.routeOptions.config.looksAtReach) return true;
  return [...caller.connections].some((id) => isAbout(request, id));
}

function isAbout({ params }: FastifyRequest, id: string): boolean {
  return typeof params === "object" && params !== null && "id" in params && params.id === id;
}
