import type { FastifyRequest } from "fastify";
import type { Caller } from "../access/authenticator.ts";
import { isId } from "../runtime/id.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { admit } from "./admit.ts";
import type { Form } from "./form.ts";
import { handOut } from "./hand-out.ts";
import { OAuthRefusal } from "./oauth-error.ts";
import type { FacadePorts } from "./ports.ts";
import { tokenAnswer, type TokenAnswer } from "./token-answer.ts";

/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** RFC 8693 §3. */
export const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

/**
 * RFC 8693: the subject token is an API key or an agent token, the audience or the resource is a connection, and what is issued is
 * the provider's access token. `scope` is not looked at: what there is was consented to. Throws `OAuthRefusal` and `ServiceError`.
 */
export async function exchangeToken(
  ports: FacadePorts,
  request: FastifyRequest["raw"],
  form: Form,
): Promise<TokenAnswer> {
  const connectionId = targetOf(form);
  requireTypes(form);
  const caller = await subjectOf(ports, request, form.require("subject_token").trim());
  const token = await handOut(ports, caller, connectionId);
  return { ...tokenAnswer(ports, token), issued_token_type: ACCESS_TOKEN };
}

/** The connection that is meant: an id, or an address that ends with one, for clients that take nothing but addresses. */
function targetOf(form: Form): string {
  const audience = form.get("audience");
  const target = audience ?? form.require("resource");
  const id = idIn(target);
  if (!isId("con", id)) {
    throw new OAuthRefusal("invalid_target", "audience (or resource) is the id of a connection, con_...");
  }
  if (idIn(form.get("resource") ?? target) !== id) {
    throw new OAuthRefusal("invalid_target", "audience and resource are not the same connection; name one.");
  }
  return id;
}

function idIn(target: string): string {
  return target.slice(target.lastIndexOf("/") + 1);
}

function requireTypes(form: Form): void {
  if (form.require("subject_token_type") !== ACCESS_TOKEN) {
    throw new OAuthRefusal("invalid_request", `subject_token_type can only be ${ACCESS_TOKEN}.`);
  }
  if ((form.get("requested_token_type") ?? ACCESS_TOKEN) !== ACCESS_TOKEN) {
    throw new OAuthRefusal("invalid_request", `requested_token_type can only be ${ACCESS_TOKEN}.`);
  }
  if (form.get("actor_token") !== undefined || form.get("actor_token_type") !== undefined) {
    throw new OAuthRefusal("invalid_request", "actor_token is not taken: nobody acts here for somebody else.");
  }
}

/** RFC 8693 §2.2.2: a subject token that is not good, or not good here, is an `invalid_request`. */
async function subjectOf(ports: FacadePorts, request: FastifyRequest["raw"], subject: string): Promise<Caller> {
  try {
    return await admit(ports, request, subject);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "unauthorized") {
      throw new OAuthRefusal(
        "invalid_request",
        "subject_token is no valid API key, and no agent token that is not over.",
      );
    }
    throw error.code === "forbidden" ? new OAuthRefusal("invalid_request", error.message) : error;
  }
}
