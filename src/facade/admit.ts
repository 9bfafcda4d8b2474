import type { FastifyRequest } from "fastify";
import { tooMany } from "../access/admission.ts";
import { permits, type Caller } from "../access/authenticator.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { FacadePorts } from "./ports.ts";

/**
 * Who calls, by an API key that stands where the borrowed protocol puts it. Throws `unauthorized`, `forbidden` or `rate_limited`,
 * as the guard of the API does.
 */
export async function admit(
  { admission, peerAddress }: Pick<FacadePorts, "admission" | "peerAddress">,
  request: FastifyRequest["raw"],
  key: string | undefined,
): Promise<Caller> {
  const from = peerAddress(request);
  const caller = await admission.identify(key, from);
  const waitMs = admission.enter(caller, from);
  if (waitMs > 0) throw tooMany("This API key, or all keys of its tenant, made too many requests.", waitMs);
  if (permits(caller, "token:read")) return caller;
  throw new ServiceError("forbidden", 'This API key lacks the scope "token:read".');
}
