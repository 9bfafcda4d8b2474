import type { FastifyRequest } from "fastify";
import type { Scope } from "../access/api-key.ts";
import { permits, type Authenticator, type Caller } from "../access/authenticator.ts";
import { ServiceError } from "../runtime/service-error.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What an API key needs for this route; every route under /v1 names one. */
    scope?: Scope;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** Verifies the API key of a request before anything of it is read (RFC 6750 §2.1). */
export function createGuard(authenticator: Authenticator): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    const key = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? "")?.[1];
    const caller = key === undefined ? null : await authenticator.verify(key);
    if (!caller) {
      throw new ServiceError("unauthorized", "Send a valid API key as `Authorization: Bearer eg_…`.");
    }
    if (!permits(caller, scope)) throw new ServiceError("forbidden", `This API key lacks the scope "${scope}".`);
    request.caller = caller;
  };
}

export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new ServiceError("unauthorized", "This call needs an API key.");
  return request.caller;
}
