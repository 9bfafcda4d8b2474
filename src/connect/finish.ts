import type { Client } from "../client/client.ts";
import { redirectUri } from "../client/redirect-uri.ts";
import { providerOf } from "../client/provider-of.ts";
import { readAuthorizationResponse } from "../oauth/authorization-response.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isElsewhere } from "./arrival-address.ts";
import { expired } from "./begin.ts";
import type { ConnectProblem, ConnectSession } from "./connect-session.ts";
import { establish } from "./establish.ts";
import { failSession } from "./fail.ts";
import type { ConnectPorts } from "./ports.ts";
import { sha256 } from "./start.ts";

export interface Callback {
  /** Our id of the client, from the path of the redirect URI. */
  clientId: string;
  parameters: URLSearchParams;
  /** The host that the browser named. */
  host: string;
  /** From the cookie that was set at the departure for this redirect URI; null when the browser has none. */
  browserToken(redirectUri: string): string | null;
}

/**
 * The user came back from the provider. The state must be one that this browser left with, for this very client, from this very
 * address, and counts once: a repeated callback is answered with what the first one came to and exchanges nothing. Throws
 * `state_invalid` and `connect_session_expired`; every other failure is in the session that is returned.
 */
export async function finishAuthorization(ports: ConnectPorts, callback: Callback): Promise<ConnectSession> {
  const state = callback.parameters.get("state") ?? "";
  const session = state === "" ? null : await ports.sessions.findByState(sha256(state));
  const client = session && (await ports.clients.find(session.clientId));
  if (!client || client.id !== callback.clientId) throw foreign();
  const sentTo = session.attempt?.redirectUri ?? redirectUri(ports.publicUrl, client);
  if (!sameBrowser(session, callback.browserToken(sentTo))) throw foreign();
  if (await isElsewhere(ports, callback.host, sentTo)) {
    throw new ServiceError(
      "state_invalid",
      "This answer came to another address than the one where the sign-in was started. Open the link again.",
    );
  }
  // Beyond the session's life nobody decides any more; `exchanging` beyond the session's life means that the process which had the code is gone, and the code with it.
  const unfinished = session.status === "started" || session.status === "exchanging" || session.status === "switching";
  if (unfinished && session.expiresAt <= ports.clock.now()) throw expired();
  if (session.status === "started") {
    await arrive(ports, session, client, { state, parameters: callback.parameters });
  }
  return (await ports.sessions.find(session.id)) ?? session;
}

export function foreign(): ServiceError {
  return new ServiceError(
    "state_invalid",
    "This answer does not belong to a sign-in that was started in this browser. Open the link again and stay in one browser.",
  );
}

export function sameBrowser({ attempt }: ConnectSession, browserToken: string | null): boolean {
  return browserToken !== null && attempt !== null && sameSecret(sha256(browserToken), attempt.browserHash);
}

async function arrive(
  ports: ConnectPorts,
  session: ConnectSession,
  client: Client,
  { state, parameters }: { state: string; parameters: URLSearchParams },
): Promise<void> {
  const provider = await providerOf(ports.catalogue, client);
  const answer = readAuthorizationResponse(parameters, {
    issuer: provider?.issuer ?? null,
    issRequired: provider?.iss_parameter ?? false,
    clientId: client.clientId,
    state,
  });
  switch (answer.kind) {
    case "denied":
      return failSession(ports, session, denial(answer.error));
    case "invalid":
      return failSession(ports, session, {
        code: "authorization_failed",
        detail: `The provider's answer was refused: ${answer.problem}.`,
      });
    case "code":
      return session.completion === "confirm"
        ? keepCode(ports, session, answer.code)
        : establish(ports, session, "started", answer.code);
  }
}

function denial(error: string): ConnectProblem {
  return error === "access_denied"
    ? { code: "access_denied", detail: "Access was not allowed at the provider. Nothing was connected." }
    : { code: "authorization_failed", detail: `The provider answered with the error "${error}".` };
}

/** With `confirm`, the code waits until the application says which user came back. */
async function keepCode(ports: ConnectPorts, session: ConnectSession, code: Secret<string>): Promise<void> {
  await ports.sessions.authorize(session.id, await ports.sealer.seal(codeAddress(session), code));
}

export function codeAddress({ tenantId, id }: ConnectSession) {
  return { tenantId, recordId: id, field: "authorization_code" as const, generation: 0 };
}
