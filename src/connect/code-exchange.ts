import { clientProof, otherProof, type ClientProof } from "../client/authentication.ts";
import type { ProvenRefusal } from "../client/client-secret.ts";
import type { Client } from "../client/client.ts";
import type { DpopProver } from "../client/dpop-prover.ts";
import type { TransportResult } from "../oauth/http.ts";
import type { ReceivedTokens } from "../oauth/token-response.ts";
import { isSecretRefused } from "../provider/outcome.ts";
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

interface Asked {
  session: ConnectSession;
  client: Client;
  provider: Provider;
  /** Proves the key that the tokens are to be bound to. */
  prover: DpopProver;
}

/**
 * Exchanges an authorization code, once (RFC 6749 §4.1.3); and where the server refuses the client's secret, once more with its
 * other one, or where it wants a nonce in the proof of the key, with that. Throws `code_exchange_failed`.
 */
export async function exchangeCode(ports: ConnectPorts, asked: Asked, code: Secret<string>): Promise<ExchangedCode> {
  const { client, provider } = asked;
  const proof = await clientProof(ports, client);
  const first = await send(ports, { ...asked, proof }, code);
  const refusal = proof.secret && secretRefusal(provider, first);
  if (!proof.secret || refusal === null) return { ...understand(provider, first), sentAt: first.sentAt };
  const { id } = proof.secret;
  const other = await otherProof(ports, client, (secret) => secret.id === id);
  if (!other?.secret) return { ...understand(provider, first), sentAt: first.sentAt };
  const second = await send(ports, { ...asked, proof: other }, code);
  const understood = understand(provider, second);
  await noteRefusal(ports, { clientId: client.id, refused: { id, code: refusal }, acceptedId: other.secret.id });
  return { ...understood, sentAt: second.sentAt };
}

interface Sent {
  result: TransportResult;
  sentAt: number;
}

interface Sending extends Asked {
  proof: ClientProof;
}

/** The server asks for a nonce before it looks at the code (RFC 9449 §8), so that another request spends nothing. */
async function send(ports: ConnectPorts, sending: Sending, code: Secret<string>): Promise<Sent> {
  const first = await sendOnce(ports, sending, code);
  return first.wantsNonce ? sendOnce(ports, sending, code) : first;
}

async function sendOnce(
  ports: ConnectPorts,
  { session, client, provider, proof, prover }: Sending,
  code: Secret<string>,
): Promise<Sent & { wantsNonce: boolean }> {
  const sealed = session.attempt?.sealedCodeVerifier ?? null;
  const request = await codeRequestTo(provider, proof.authentication, {
    code,
    redirectUri: session.attempt?.redirectUri ?? redirectUri(ports.publicUrl, client),
    codeVerifier: sealed && (await ports.sealer.open(verifierAddress(session), sealed)),
  });
  const proven = await prover.prove(request);
  const sentAt = ports.clock.now();
  const result = await ports.transport.send(proven, { deadlineMs: DEADLINE });
  return { sentAt, result, wantsNonce: prover.learn(request, result) };
}

/** The server's code when it refuses the client's secret; else null. */
function secretRefusal(provider: Provider, { result, sentAt }: Sent): string | null {
  if (result.kind === "failure") return null;
  const answer = readAnswer(provider, result.response, sentAt);
  return answer.kind === "error" && isSecretRefused(answer.error, provider) ? answer.error.code : null;
}

/** The tokens are what counts: what was learned on the way may be learned again. */
async function noteRefusal({ clients, observer }: ConnectPorts, refusal: ProvenRefusal): Promise<void> {
  const { clientId, refused, acceptedId } = refusal;
  const learned = await clients.noteRefusal(refusal).catch(() => "unchanged");
  if (learned !== "switched") return;
  observer.event("client.secret_switched", {
    clientId,
    secretId: acceptedId,
    insteadOf: refused.id,
    code: refused.code,
  });
}

function understand(provider: Provider, { result, sentAt }: Sent): { tokens: ReceivedTokens } {
  if (result.kind === "failure") throw failed(`could not be reached (${result.reason})`, "provider_unavailable");
  const { status } = result.response;
  const answer = readAnswer(provider, result.response, sentAt);
  switch (answer.kind) {
    case "tokens":
      return { tokens: answer.tokens };
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
