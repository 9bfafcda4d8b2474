import { clientAuthentication } from "../client/authentication.ts";
import type { Client } from "../client/client.ts";
import type { TransportResult } from "../oauth/http.ts";
import type { ReceivedTokens } from "../oauth/token-response.ts";
import type { Provider } from "../provider/provider.ts";
import { codeRequestTo, readAnswer } from "../provider/token-endpoint.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { verifierAddress } from "./begin.ts";
import type { ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";
import { redirectUri } from "../client/redirect-uri.ts";

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
  const request = await codeRequestTo(provider, await clientAuthentication(ports, client), {
    code,
    redirectUri: session.attempt?.redirectUri ?? redirectUri(ports.publicUrl, client),
    codeVerifier: sealed && (await ports.sealer.open(verifierAddress(session), sealed)),
  });
  const sentAt = ports.clock.now();
  const result = await ports.transport.send(request, { deadlineMs: DEADLINE });
  return { tokens: understand(provider, result, sentAt), sentAt };
}

function understand(provider: Provider, result: TransportResult, sentAt: number): ReceivedTokens {
  if (result.kind === "failure") throw failed(`could not be reached (${result.reason})`, "provider_unavailable");
  const { status } = result.response;
  const answer = readAnswer(provider, result.response, sentAt);
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
