import type { FastifyRequest } from "fastify";
import type { Caller } from "../access/authenticator.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { admit } from "./admit.ts";
import type { Form } from "./form.ts";
import { OAuthRefusal } from "./oauth-error.ts";
import type { FacadePorts } from "./ports.ts";

/**
 * RFC 6749 §2.3.1: the client is an API key, its id the `client_id` and its text the `client_secret`, by `client_secret_basic` or
 * by `client_secret_post`. Throws `OAuthRefusal`, and `ServiceError` as `admit`.
 */
export async function authenticateClient(
  ports: Pick<FacadePorts, "admission" | "peerAddress">,
  request: FastifyRequest["raw"],
  form: Form,
): Promise<Caller> {
  const { clientId, clientSecret } = credentialsOf(request, form);
  const caller = await admit(ports, request, clientSecret).catch((error: unknown) => {
    throw error instanceof ServiceError && error.code === "unauthorized" ? unknownClient() : error;
  });
  if (caller.keyId !== clientId) throw unknownClient();
  return caller;
}

interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

function credentialsOf({ headers: { authorization } }: FastifyRequest["raw"], form: Form): ClientCredentials {
  const [clientId, clientSecret] = [form.get("client_id"), form.get("client_secret")];
  if (authorization === undefined) {
    if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret };
    throw unknownClient();
  }
  const basic = readBasic(authorization);
  // RFC 6749 §2.3: one method a request. The id alone proves nothing, and many clients always send it.
  if (clientSecret !== undefined || (clientId !== undefined && basic && basic.clientId !== clientId)) {
    throw new OAuthRefusal("invalid_request", "The client authenticates by the Authorization header or by the form.");
  }
  if (!basic) throw unknownClient();
  return basic;
}

/** Both parts are form-encoded before they are put together. Null for anything else. */
function readBasic(authorization: string): ClientCredentials | null {
  const encoded = /^Basic ([A-Za-z0-9+/]{1,1000}={0,2})$/i.exec(authorization)?.[1] ?? "";
  const [, id = "", password = ""] = /^([^:]+):(.+)$/.exec(Buffer.from(encoded, "base64").toString("latin1")) ?? [];
  const [clientId, clientSecret] = [formDecoded(id), formDecoded(password)];
  return clientId === "" || clientSecret === "" ? null : { clientId, clientSecret };
}

function formDecoded(text: string): string {
  return new URLSearchParams(`_=${text.replaceAll("&", "%26")}`).get("_") ?? "";
}

function unknownClient(): OAuthRefusal {
  return new OAuthRefusal(
    "invalid_client",
    "client_id is the id of an API key, key_..., and client_secret is its text, eg_key_....",
  );
}
