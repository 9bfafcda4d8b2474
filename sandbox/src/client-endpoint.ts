import { once } from "node:events";
import { ServerResponse, type IncomingMessage } from "node:http";
import { answerError, answerTooLarge } from "./answer.ts";
import type { BehaviourSwitches } from "./behaviour.ts";
import { readClientRequest, type ClientRequest } from "./client-request.ts";
import { answerFault } from "./fault-answer.ts";
import type { RefreshTokenLog } from "./refresh-token-log.ts";
import { replayedRequest } from "./replayed-request.ts";
import { readBody } from "./request-body.ts";
import type { Observe } from "./sandbox-event.ts";
import type { Store } from "./store.ts";
import { createTurns } from "./turns.ts";

interface Deps {
  /** oidc-provider; resolves once the response is written. */
  provider: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  store: Store;
  behaviour: BehaviourSwitches;
  refreshTokens: Pick<RefreshTokenLog, "presented">;
  observe: Observe;
}

const bodyLimit = 32 * 1024;

/**
 * Stands before oidc-provider where clients authenticate, the token and the revocation endpoint, and adds what
 * oidc-provider does not do: faults, disabled clients, a fixed way to authenticate, counting, and one request at a
 * time per refresh token or code, without which two simultaneous ones could both find it unused.
 */
export function createClientEndpoint({ provider, store, behaviour, refreshTokens, observe }: Deps) {
  const inTurn = createTurns();

  async function serveToken(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await readBody(req, bodyLimit);
    if (body === null) return answerTooLarge(res, "the request body is too large");
    const request = readClientRequest(req.headers, body);
    const user = ownerOf(request);
    observe({ kind: "token_request", grant: request.grant, clientId: knownClient(request), user });
    const answered = refreshTokens.presented(request.presented ?? "");
    await underFault(req, res, async (answer) => {
      await inTurn(request.presented ?? "", () => pass(request, req, body, answer));
      if (answer === res && !req.socket.destroyed) answered();
      observe({ kind: "token_answer", grant: request.grant, status: answer.statusCode, user });
    });
  }

  async function serveRevocation(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await readBody(req, bodyLimit);
    if (body === null) return answerTooLarge(res, "the request body is too large");
    const request = readClientRequest(req.headers, body);
    observe({ kind: "revocation_request", clientId: knownClient(request) });
    await pass(request, req, body, res);
  }

  /** Answers with the fault in force, if any; `work` is what happens without one. */
  async function underFault(
    req: IncomingMessage,
    res: ServerResponse,
    work: (answer: ServerResponse) => Promise<void>,
  ): Promise<void> {
    const fault = behaviour.takeFault();
    if (fault === null) return work(res);
    observe({ kind: "fault_served", fault: fault.kind });
    switch (fault.kind) {
      case "hang":
        if (!req.socket.destroyed) await Promise.race([behaviour.untilFaultChanges(), once(res, "close")]);
        return req.socket.destroyed ? undefined : underFault(req, res, work);
      case "cut_after_commit":
        // A response that belongs to no socket: the work is done, the answer goes nowhere.
        await work(new ServerResponse(req));
        return void req.socket.destroy();
      case "status":
      case "rate_limit":
      case "html":
      case "empty":
        return answerFault(res, fault);
    }
  }

  async function pass(request: ClientRequest, req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> {
    if (mayAuthenticate(request)) return provider(replayedRequest(req, body), res);
    // RFC 6749 §5.2: a client that used the Authorization header is told the scheme.
    if (req.headers.authorization !== undefined) res.setHeader("www-authenticate", "Basic");
    answerError(res, 401, "invalid_client", "client authentication failed");
  }

  function mayAuthenticate({ clientId, credentials }: ClientRequest): boolean {
    const client = clientId === null ? undefined : store.clients.find(clientId);
    if (client === undefined) return true;
    return !client.disabled && (client.tokenEndpointAuthMethod ?? credentials) === credentials;
  }

  function knownClient({ clientId }: ClientRequest): string | null {
    return clientId !== null && store.clients.find(clientId) ? clientId : null;
  }

  function ownerOf({ grant, presented }: ClientRequest): string | null {
    const model = grant === "authorization_code" ? "AuthorizationCode" : "RefreshToken";
    return presented === null ? null : store.artifacts.userOf(model, presented);
  }

  return { serveToken, serveRevocation };
}
