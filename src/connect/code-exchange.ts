import { clientAuthentication } from "../client/authentication.ts";
import type { Client } from "../client/client.ts";
import type { TransportResult } from "../oauth/http.ts";
import { authorizationCodeRequest } from "../oauth/token-request.ts";
import { readTokenResponse, type ReceivedTokens } from "../oauth/token-response.ts";
import type { Provider } from "../provider/provider.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { verifierAddress } from "./begin.ts";
import type { ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";
import { redirectUri } from "./redirect-uri.ts";

export interface ExchangedCode {
  tokens: ReceivedTokens;
  sentAt: number;
}

/** The user is waiting for this one. */
const DEADLINE = 20 * SECOND;

/** Exchanges an authorization code, once (RFC 6749 §4.1.3). Throws `code_exchange_failed`. */
export async function exchangeCode(
  ports: ConnectPorts,
  { session, client, provider }: { session: ConnectSession; client: Client; provider: Provider },
  code: Secret<string>,
): Promise<ExchangedCode> {
  const sealed = session.attempt?.sealedCodeVerifier ?? null;
  const request = await authorizationCodeRequest(provider.token_url, await clientAuthentication(ports, client), {
    code,
    redirectUri: redirectUri(ports.publicUrl, client.id),
    codeVerifier: sealed && (await ports.sealer.open(verifierAddress(session), sealed)),
  });
  const sentAt = ports.clock.now();
  return { tokens: understand(await ports.transport.send(request, { deadlineMs: DEADLINE })), sentAt };
}

function understand(result: TransportResult): ReceivedTokens {
  if (result.kind === "failure") throw failed(`could not be reached (${result.reason})`, "provider_unavailable");
  const { status } = result.response;
  const answer = readTokenResponse(result.response);
  switch (answer.kind) {
    case "tokens":
      return answer.tokens;
    case "error":
      throw failed(`answered "${answer.error.code}" (HTTP ${status})`, reasonOf(answer.error.code));
    case "unreadable":
      throw failed(
        `answered something that is not tokens (HTTP ${status}, ${answer.problem})`,
        "provider_response_unrecognised",
      );
  }
}

function reasonOf(code: string): string {
  return /client/.test(code) ? "client_secret_rejected" : "provider_response_unrecognised";
}

function failed(what: string, reason: string): ServiceError {
  return new ServiceError("code_exchange_failed", `The token endpoint ${what}. Nothing was connected; connect again.`, {
    reason,
    whoActs: reason === "provider_unavailable" ? "nobody" : "operator",
  });
}
