import type { FastifyRequest } from "fastify";
import { isId } from "../runtime/id.ts";
import { admit } from "./admit.ts";
import type { Form } from "./form.ts";
import { handOut } from "./hand-out.ts";
import { OAuthRefusal } from "./oauth-error.ts";
import type { FacadePorts } from "./ports.ts";
import { tokenAnswer, type TokenAnswer } from "./token-answer.ts";

/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** RFC 8693 §3. */
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

/**
 * RFC 8693: the subject token is an API key, the audience or the resource is a connection, and what is issued is the
 * provider's access token. Throws `OAuthRefusal` and `ServiceError`.
 */
export async function exchangeToken(
  ports: FacadePorts,
  request: FastifyRequest["raw"],
  form: Form,
): Promise<TokenAnswer> {
  const connectionId = targetOf(form);
  const wanted = form.get("requested_token_type");
  if (wanted !== undefined && wanted !== ACCESS_TOKEN) {
    throw new OAuthRefusal("invalid_request", "requested_token_type can only be an access token.");
  }
  const caller = await admit(ports, request, form.require("subject_token"));
  const token = await handOut(ports, caller, connectionId);
  return { ...tokenAnswer(ports, token), issued_token_type: ACCESS_TOKEN };
}

/** The connection that is meant: an id, or an address that ends with one, for clients that take nothing but addresses. */
function targetOf(form: Form): string {
  const target = form.get("audience") ?? form.require("resource");
  const id = target.slice(target.lastIndexOf("/") + 1);
  if (isId("con", id)) return id;
  throw new OAuthRefusal("invalid_target", "audience (or resource) is the id of a connection, con_...");
}
