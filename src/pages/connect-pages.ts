import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { attemptTag, beginAuthorization, tagOf, type Departure } from "../connect/begin.ts";
import { confirmationOf } from "../connect/confirmation.ts";
import type { ConnectSession } from "../connect/connect-session.ts";
import {
  decideAccount,
  decisionConfirmation,
  type AccountDecision,
  type DecisionPorts,
} from "../connect/decide-account.ts";
import { finishAuthorization } from "../connect/finish.ts";
import { outcomeOf } from "../connect/outcome.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { readReauthorization, startReauthorization } from "../connect/reauthorize.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { createBrowserCookie } from "./browser-cookie.ts";
import { failurePage } from "./failure-page.ts";
import { chooseLocale } from "./locales/choose-locale.ts";
import type { Locale } from "./locales/locale.ts";
import { onwardPage } from "./onward-page.ts";
import { sendAway, sendPage, shielded, type Page } from "./page.ts";
import { reauthorizePage } from "./reauthorize-page.ts";
import { resultPage } from "./result-page.ts";

export interface ConnectPagesPorts extends DecisionPorts {
  peerAddress(this: void, request: FastifyRequest["raw"]): string | null;
}

type TokenRequest = FastifyRequest<{ Params: { token: string } }>;
type CallbackRequest = FastifyRequest<{ Params: { client: string } }>;
type SessionRequest = FastifyRequest<{ Params: { session: string } }>;

/** A form of ours is smaller. */
const FORM_LIMIT = 4096;

/** The pages of a browser on its way to a provider and back. */
export function registerConnectPages(app: Pick<FastifyInstance, "register">, ports: ConnectPagesPorts): void {
  void app.register(async (pages: FastifyInstance) => {
    pages.setErrorHandler((error, request, reply) => {
      if (error instanceof ServiceError) return sendPage(reply, failurePage(localeOf(request), error));
      shielded(reply);
      throw error;
    });
    pages.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
      done(null, new URLSearchParams(String(body))),
    );
    const hidden = { schema: { hide: true } };
    const form = { ...hidden, bodyLimit: FORM_LIMIT };
    // Who asks for headers alone is no browser, and begins nothing.
    pages.head("/connect/:token", hidden, (_request, reply) => shielded(reply).type("text/html; charset=utf-8").send());
    pages.get("/connect/:token", { ...hidden, exposeHeadRoute: false }, async (request: TokenRequest, reply) =>
      leave(reply, await beginAuthorization(ports, request.params.token, request.host)),
    );
    pages.get("/reauthorize/:token", hidden, (request: TokenRequest, reply) => show(ports, request, reply));
    pages.post("/reauthorize/:token", form, (request: TokenRequest, reply) => goOn(ports, request, reply));
    pages.get("/oauth/callback/:client", hidden, (request: CallbackRequest, reply) => comeBack(ports, request, reply));
    pages.post("/connect/:session/account", form, (request: SessionRequest, reply) => decide(ports, request, reply));
  });
}

function localeOf({ headers }: FastifyRequest): Locale {
  return chooseLocale(headers["accept-language"]);
}

/** To the provider, with the cookie that the browser comes back with. */
function leave(reply: FastifyReply, { authorizationUrl, tag, browserToken, redirectUri }: Departure): FastifyReply {
  return sendAway(
    reply.header("set-cookie", createBrowserCookie(redirectUri).set(tag, browserToken)),
    authorizationUrl,
  );
}

/** What a reauthorization link is about. Nothing begins before the button is pressed. */
async function show(ports: ConnectPorts, request: TokenRequest, reply: FastifyReply): Promise<FastifyReply> {
  const asked = await readReauthorization(ports, request.params.token, request.host);
  if (asked.elsewhere !== null) return sendAway(reply, asked.elsewhere);
  return sendPage(reply, reauthorizePage(localeOf(request), asked));
}

/**
 * The button was pressed. Chromium holds every redirect after a form to `form-action`, those of the provider to others included, and
 * nobody knows where those lead. So a page follows that goes on by itself.
 */
async function goOn(ports: ConnectPorts, request: TokenRequest, reply: FastifyReply): Promise<FastifyReply> {
  const asked = await readReauthorization(ports, request.params.token, request.host);
  if (asked.state === "suspended") return sendPage(reply, reauthorizePage(localeOf(request), asked));
  return sendPage(reply, onwardPage(localeOf(request), await startReauthorization(ports, asked)));
}

async function comeBack(ports: ConnectPorts, request: CallbackRequest, reply: FastifyReply): Promise<FastifyReply> {
  const parameters = new URL(request.url, "http://callback.invalid").searchParams;
  const session = await finishAuthorization(ports, {
    clientId: request.params.client,
    parameters,
    host: request.host,
    browserToken: (redirectUri) =>
      createBrowserCookie(redirectUri).read(attemptTag(parameters.get("state") ?? ""), request.headers.cookie),
  });
  return session.returnUrl !== null && !isUnfinished(session)
    ? sendAway(reply, returnTo(ports, session.returnUrl, session))
    : sendPage(reply, await pageOf(ports, localeOf(request), session));
}

/** Another account came back, and its person has said what becomes of that. */
async function decide(ports: ConnectPagesPorts, request: SessionRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { body, headers, raw } = request;
  const form = body instanceof URLSearchParams ? body : new URLSearchParams();
  const decided = await decideAccount(ports, {
    sessionId: request.params.session,
    confirmation: form.get("confirmation") ?? "",
    decision: decisionOf(form.get("decision")),
    host: request.host,
    browserToken: ({ attempt }, redirectUri) =>
      attempt && createBrowserCookie(redirectUri).read(tagOf(attempt), headers.cookie),
    from: ports.peerAddress(raw),
  });
  const locale = localeOf(request);
  if (decided.kind === "again") return sendPage(reply, onwardPage(locale, decided.connectUrl));
  const { session } = decided;
  return session.returnUrl !== null && !isUnfinished(session)
    ? sendPage(reply, onwardPage(locale, returnTo(ports, session.returnUrl, session)))
    : sendPage(reply, await pageOf(ports, locale, session));
}

function decisionOf(value: string | null): AccountDecision {
  if (value === "switch" || value === "keep" || value === "again") return value;
  throw new ServiceError("state_invalid", "The page did not say what was decided. Open the link again.");
}

function isUnfinished({ status }: ConnectSession): boolean {
  return status === "exchanging" || status === "switching";
}

async function pageOf(ports: ConnectPorts, locale: Locale, session: ConnectSession): Promise<Page> {
  // A proxy in front may have put the service under a path.
  const comesBackTo = session.attempt?.redirectUri ?? ports.publicUrl;
  const { pathname: path } = new URL(`../../connect/${session.id}/account`, comesBackTo);
  const form = { path, confirmation: decisionConfirmation(ports, session) };
  return resultPage(locale, session, await outcomeOf(ports, session), form);
}

/** Tells the application which session came back, and that it did in this browser; what came of it, it asks the API. */
function returnTo(ports: ConnectPorts, returnUrl: string, session: ConnectSession): string {
  const url = new URL(returnUrl);
  url.searchParams.set("connect_session", session.id);
  url.searchParams.set("status", session.status);
  if (session.completion === "confirm") url.searchParams.set("confirmation", confirmationOf(ports, session));
  return url.href;
}
