import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { attemptTag, beginAuthorization, type Departure } from "../connect/begin.ts";
import { confirmationOf } from "../connect/confirmation.ts";
import type { ConnectProblem, ConnectSession } from "../connect/connect-session.ts";
import { finishAuthorization } from "../connect/finish.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { beginReauthorization } from "../connect/reauthorization-link.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { createBrowserCookie } from "./browser-cookie.ts";
import { sendAway, sendPage, shielded, type Page } from "./page.ts";

type TokenRequest = FastifyRequest<{ Params: { token: string } }>;
type CallbackRequest = FastifyRequest<{ Params: { client: string } }>;

/** The pages of a browser on its way to a provider and back. */
export function registerConnectPages(app: Pick<FastifyInstance, "register">, ports: ConnectPorts): void {
  void app.register(async (pages: FastifyInstance) => {
    pages.setErrorHandler((error, _request, reply) => {
      if (error instanceof ServiceError) return sendPage(reply, failurePage(error));
      shielded(reply);
      throw error;
    });
    const hidden = { schema: { hide: true } };
    pages.get("/connect/:token", hidden, async (request: TokenRequest, reply) =>
      leave(reply, await beginAuthorization(ports, request.params.token, request.host)),
    );
    pages.get("/reauthorize/:token", hidden, async (request: TokenRequest, reply) => {
      const onward = await beginReauthorization(ports, request.params.token, request.host);
      return onward.kind === "provider" ? leave(reply, onward) : sendAway(reply, onward.connectUrl);
    });
    pages.get("/oauth/callback/:client", hidden, async (request: CallbackRequest, reply) => {
      const parameters = new URL(request.url, "http://callback.invalid").searchParams;
      const session = await finishAuthorization(ports, {
        clientId: request.params.client,
        parameters,
        host: request.host,
        browserToken: (redirectUri) =>
          createBrowserCookie(redirectUri).read(attemptTag(parameters.get("state") ?? ""), request.headers.cookie),
      });
      return session.returnUrl !== null && session.status !== "exchanging"
        ? sendAway(reply, returnTo(ports, session.returnUrl, session))
        : sendPage(reply, resultPage(session));
    });
  });
}

/** To the provider, with the cookie that the browser comes back with. */
function leave(reply: FastifyReply, { authorizationUrl, tag, browserToken, redirectUri }: Departure): FastifyReply {
  return sendAway(
    reply.header("set-cookie", createBrowserCookie(redirectUri).set(tag, browserToken)),
    authorizationUrl,
  );
}

/** Tells the application which session came back, and that it did in this browser; what came of it, it asks the API. */
function returnTo(ports: ConnectPorts, returnUrl: string, session: ConnectSession): string {
  const url = new URL(returnUrl);
  url.searchParams.set("connect_session", session.id);
  url.searchParams.set("status", session.status);
  if (session.completion === "confirm") url.searchParams.set("confirmation", confirmationOf(ports, session));
  return url.href;
}

function resultPage({ status, problem }: ConnectSession): Page {
  if (status === "exchanging") {
    return { status: 200, title: "Almost done", text: ["The connection is being set up."], tone: "waiting" };
  }
  if (status === "failed") {
    const text = [problem?.detail ?? "The connection could not be made."];
    return { status: 400, title: "Not connected", text, tone: "bad" };
  }
  if (problem) {
    const text = [whatIsWrong(problem), problem.detail];
    return { status: 200, title: "Connected, with a problem", text, tone: "bad" };
  }
  const text = ["The account is connected. You can close this page."];
  return { status: 200, title: "Connected", text, tone: "good" };
}

function whatIsWrong({ code }: ConnectProblem): string {
  return code === "scope_insufficient"
    ? "The account is connected, but not for everything that it is needed for."
    : "The account is connected, but only for a short time.";
}

function failurePage(error: ServiceError): Page {
  const passing = error.code === "store_unavailable" || error.code === "key_unavailable";
  return {
    status: passing ? 503 : error.code === "not_found" ? 404 : 400,
    title: passing ? "Please try again" : "This did not work",
    text: [passing ? "The service cannot do this right now. Nothing was lost." : error.message],
    tone: "bad",
  };
}
