import { askUserinfo } from "../client/ask-userinfo.ts";
import { dpopProver } from "../client/dpop-prover.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Snapshot } from "../connection/store.ts";
import { openAccessToken } from "../connection/token-record.ts";
import { readError } from "../oauth/error-answer.ts";
import type { HttpResponse } from "../oauth/http.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import { lifeLeft } from "./due.ts";
import type { RefreshPorts } from "./ports.ts";

/**
 * What asking the provider with the current access token came to. `refused`: it does not know the token. `unclear`: the answer says
 * nothing about it. `not_possible`: there is nobody to ask, or nothing that lives to ask with.
 */
export type ProbeOutcome = "accepted" | "refused" | "unclear" | "not_possible";

/** Presents the access token that there is at the provider's userinfo endpoint. No refresh token leaves, and nothing is replaced. */
export async function probe(ports: RefreshPorts, { connection, tokens }: Snapshot): Promise<ProbeOutcome> {
  if (lifeLeft(tokens, ports.clock.now()) <= 0) return "not_possible";
  const client = await ports.clients.find(connection.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider?.userinfo_url) return "not_possible";
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const accessToken = await openAccessToken(ports.sealer, owner, tokens);
  if (!accessToken) return "not_possible";
  const { transport } = ports;
  const prover = await dpopProver(ports, owner.tenantId, tokens.dpopKey);
  const token = { accessToken, tokenType: tokens.tokenType };
  const result = await askUserinfo({ transport, prover }, provider.userinfo_url, token);
  if (result.kind === "failure") return "unclear";
  if (isProof(result.response)) return "accepted";
  return result.response.status === 401 ? "refused" : "unclear";
}

/** Some servers say under HTTP 200 that they refuse. */
function isProof({ status, body }: HttpResponse): boolean {
  if (status !== 200) return false;
  const json = parseJsonObject(new TextDecoder().decode(body));
  return json === null || (json["ok"] !== false && readError(status, json) === null);
}
