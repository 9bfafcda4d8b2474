import type { FastifyRequest } from "fastify";
import { providerOf } from "../client/provider-of.ts";
import { missingScopes } from "../provider/scope-coverage.ts";
import { authenticateClient } from "./client-authentication.ts";
import type { Form } from "./form.ts";
import { handOut } from "./hand-out.ts";
import { OAuthRefusal } from "./oauth-error.ts";
import type { TokenEndpointPorts } from "./ports.ts";
import { tokenAnswer, type TokenAnswer } from "./token-answer.ts";

/**
 * RFC 6749 §6 with a virtual refresh token. It is answered with an access token that the connection has, so it can be redeemed by
 * any number at once and is never replaced. Throws `OAuthRefusal` and `ServiceError`.
 */
export async function refreshVirtually(
  ports: TokenEndpointPorts,
  request: FastifyRequest["raw"],
  form: Form,
): Promise<TokenAnswer> {
  const text = form.require("refresh_token");
  const caller = await authenticateClient(ports, request, form);
  const found = await ports.redeem({ text, caller, from: ports.peerAddress(request) });
  // One sentence for whatever is wrong with it: there is nothing to learn.
  if (!found) {
    throw new OAuthRefusal("invalid_grant", "There is no such refresh token, or it has expired or was revoked.");
  }
  await requireGranted(ports, found.connectionId, form.get("scope"));
  const token = await handOut(ports, caller, found.connectionId);
  // Libraries keep whatever comes back.
  return { ...tokenAnswer(ports, token), refresh_token: text };
}

/** RFC 6749 §6: no scope that the user has not granted. Whoever asks for fewer still gets a token that has them all, and is told. */
async function requireGranted(
  { connections, clients, catalogue }: Pick<TokenEndpointPorts, "connections" | "clients" | "catalogue">,
  connectionId: string,
  scope: string | undefined,
): Promise<void> {
  const needed = scope?.split(" ").filter((each) => each !== "") ?? [];
  const connection = needed.length > 0 && (await connections.snapshot(connectionId))?.connection;
  const client = connection && (await clients.find(connection.clientId));
  const provider = client && (await providerOf(catalogue, client));
  if (!connection || !provider) return;
  if (missingScopes(provider, { needed, granted: connection.grantedScopes }).length === 0) return;
  throw new OAuthRefusal("invalid_scope", "scope names something that this connection was not granted.");
}
