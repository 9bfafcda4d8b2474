import type { IncomingMessage, ServerResponse } from "node:http";
import type { JWK } from "oidc-provider";
import { answerError } from "./answer.ts";
import { createAuthorizationServer, paths } from "./authorization-server.ts";
import type { BehaviourSwitches } from "./behaviour.ts";
import { createClientEndpoint } from "./client-endpoint.ts";
import { createControlApi } from "./control-api.ts";
import type { Control } from "./control.ts";
import { createInteractionPages } from "./interaction-pages.ts";
import type { RefreshTokenLog } from "./refresh-token-log.ts";
import { createResourceServer } from "./resource-server.ts";
import type { Observe } from "./sandbox-event.ts";
import type { Store } from "./store.ts";

interface Deps {
  url: string;
  store: Store;
  behaviour: BehaviourSwitches;
  control: Control;
  refreshTokens: Pick<RefreshTokenLog, "presented">;
  signingKey: JWK;
  observe: Observe;
}

export interface RequestHandler {
  handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** Resolves when nothing is being handled any more. */
  settled(): Promise<void>;
}

/** Everything the sandbox answers, by path. */
export function createRequestHandler(deps: Deps): RequestHandler {
  const { url, store, behaviour, control, refreshTokens, signingKey, observe } = deps;
  const provider = createAuthorizationServer({ issuer: url, store, behaviour, signingKey, observe });
  const callback = provider.callback();
  const clientEndpoint = createClientEndpoint({ provider: callback, store, behaviour, refreshTokens, observe });
  const serveInteraction = createInteractionPages({ provider, users: store.users, observe });
  const serveApi = createResourceServer({ provider, issuer: url, clients: store.clients, behaviour, observe });
  const serveControl = createControlApi({ control, store });
  const inFlight = new Set<Promise<void>>();

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const target = URL.parse(req.url ?? "", url);
    if (target === null) return answerError(res, 400, "invalid_request", "the request target is not a path");
    const path = target.pathname;
    if (path.startsWith("/control/")) return serveControl(req, res, target);
    if (path.startsWith("/api/")) return serveApi(req, res, target);
    if (path.startsWith(paths.interaction)) return serveInteraction(req, res);
    if (path === paths.token && req.method === "POST") return clientEndpoint.serveToken(req, res);
    if (path === paths.revocation && req.method === "POST") return clientEndpoint.serveRevocation(req, res);
    return callback(req, res);
  }

  function fail(error: unknown, req: IncomingMessage, res: ServerResponse): void {
    // A client that goes away in the middle of its request is no error of the sandbox.
    if (req.socket.destroyed) return;
    observe({ kind: "server_error", message: String(error) });
    if (!res.headersSent) answerError(res, 500, "server_error", "the sandbox failed");
  }

  return {
    handle: (req, res) => {
      const served = route(req, res)
        .catch((error: unknown) => fail(error, req, res))
        .finally(() => inFlight.delete(served));
      inFlight.add(served);
    },
    settled: async () => void (await Promise.all(inFlight)),
  };
}
