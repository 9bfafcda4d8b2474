import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { OperatorCaller, OperatorSessions } from "../access/operator-session.ts";
import type { SignInLimit } from "../access/sign-in-limit.ts";
import type { OperatorSignIn } from "../access/sign-in.ts";
import { isElsewhere } from "../connect/arrival-address.ts";
import { attemptTag } from "../connect/begin.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { ServiceError, type ErrorCode } from "../runtime/service-error.ts";
import { createBrowserCookie } from "./browser-cookie.ts";
import { sendAway, sendPage, shielded, type Page } from "./page.ts";

export interface OperatorPagesDeps {
  signIn: OperatorSignIn;
  limit: SignInLimit;
  sessions: Pick<OperatorSessions, "csrfToken">;
  cookie: { set(value: string): string; clear(): string };
  /** Who comes with the cookie of a session; null without one. */
  identify(
    this: void,
    request: FastifyRequest,
    from: string | null,
    csrfToken?: unknown,
  ): Promise<OperatorCaller | null>;
  peerAddress(this: void, request: FastifyRequest["raw"]): string | null;
  tenants: ConnectPorts["tenants"];
  publicUrl: string;
}

/** The pages on which an operator signs in and out. They lead to no other address than the issuer's and our own. */
export function registerOperatorPages(app: Pick<FastifyInstance, "register">, deps: OperatorPagesDeps): void {
  void app.register(async (pages: FastifyInstance) => {
    pages.setErrorHandler((error, _request, reply) => {
      if (error instanceof ServiceError) return sendFailure(reply, error, pathsUnder(deps.publicUrl).signIn);
      shielded(reply);
      throw error;
    });
    pages.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
      done(null, new URLSearchParams(String(body))),
    );
    pages.addHook("preHandler", async ({ host }) => {
      if (await isElsewhere(deps, host, deps.publicUrl)) {
        throw new ServiceError("not_found", "Operators do not sign in at this address.");
      }
    });
    const hidden = { schema: { hide: true } };
    pages.get("/", hidden, (request, reply) => showStart(deps, request, reply));
    pages.get("/operator/sign-in", hidden, (request, reply) => leave(deps, request, reply));
    pages.get("/operator/callback", hidden, (request, reply) => comeBack(deps, request, reply));
    pages.post("/operator/sign-out", hidden, (request, reply) => signOut(deps, request, reply));
  });
}

const ARRIVED = "/?arrived";

/** As a browser names them: a proxy in front may have put the service under a path. */
function pathsUnder(publicUrl: string) {
  const under = new URL(publicUrl).pathname.replace(/\/$/, "");
  return {
    start: `${under}/`,
    arrived: under + ARRIVED,
    signIn: `${under}/operator/sign-in`,
    signOut: `${under}/operator/sign-out`,
  };
}

async function leave(deps: OperatorPagesDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  deps.limit.take(deps.peerAddress(request.raw));
  const { authorizationUrl, state, browserToken } = await deps.signIn.begin();
  const cookie = createBrowserCookie(deps.publicUrl, "sign_in").set(attemptTag(state), browserToken);
  return sendAway(reply.header("set-cookie", cookie), authorizationUrl, 303);
}

async function comeBack(deps: OperatorPagesDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const from = deps.peerAddress(request.raw);
  deps.limit.take(from);
  const parameters = new URL(request.url, "http://callback.invalid").searchParams;
  const tag = attemptTag(parameters.get("state") ?? "");
  const browserToken = createBrowserCookie(deps.publicUrl, "sign_in").read(tag, request.headers.cookie);
  const { cookie } = await deps.signIn.finish({ parameters, browserToken, from });
  return sendAway(reply.header("set-cookie", deps.cookie.set(cookie.reveal())), pathsUnder(deps.publicUrl).start, 303);
}

/**
 * A browser that another site sent here, the issuer for one, leaves the session's cookie out (`SameSite=Strict`). So it is sent on
 * to the same page by one of ours, and then takes it along.
 */
async function showStart(deps: OperatorPagesDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const paths = pathsUnder(deps.publicUrl);
  const site = request.headers["sec-fetch-site"];
  if (request.url !== ARRIVED && site !== "same-origin" && site !== "none")
    return sendPage(reply, onwardPage(paths.arrived));
  const caller = await deps.identify(request, deps.peerAddress(request.raw)).catch(nobody);
  if (!caller) return sendPage(reply, strangerPage(paths.signIn));
  return sendPage(reply, operatorPage(caller, paths.signOut, deps.sessions.csrfToken(caller.keyId)));
}

/** A session that is over is none. */
function nobody(error: unknown): null {
  if (error instanceof ServiceError && error.code === "unauthorized") return null;
  throw error;
}

async function signOut(deps: OperatorPagesDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const from = deps.peerAddress(request.raw);
  const { body } = request;
  const csrfToken = body instanceof URLSearchParams ? body.get("csrf_token") : null;
  const caller = await deps.identify(request, from, csrfToken).catch(nobody);
  if (caller) await deps.signIn.signOut(caller, from);
  return sendAway(reply.header("set-cookie", deps.cookie.clear()), pathsUnder(deps.publicUrl).start, 303);
}

function onwardPage(path: string): Page {
  const text = ["The start page is being opened."];
  return { status: 200, title: "One moment", text, tone: "good", onwardTo: path, link: { path, text: "Go on" } };
}

function strangerPage(signIn: string): Page {
  const text = ["You are not signed in as an operator."];
  return { status: 200, title: "Evergrant", text, tone: "good", link: { path: signIn, text: "Sign in" } };
}

function operatorPage({ operator }: OperatorCaller, path: string, csrfToken: string): Page {
  const who = operator ? (operator.email ?? operator.subject) : "an administrator, by an API key";
  const text = operator ? [`Your role is ${operator.role}.`] : [];
  const button = { path, text: "Sign out", fields: { csrf_token: csrfToken } };
  return { status: 200, title: `You are signed in as ${who}`, text, tone: "good", button };
}

function sendFailure(reply: FastifyReply, error: ServiceError, signIn: string): FastifyReply {
  const { retryAfterMs } = error.facts;
  if (retryAfterMs !== undefined) void reply.header("retry-after", Math.ceil(retryAfterMs / 1000));
  const isPassing = error.code === "store_unavailable" || error.code === "key_unavailable";
  const text = [isPassing ? "The service cannot do this right now. Try again in a moment." : error.message];
  const link = { path: signIn, text: "Sign in again" };
  return sendPage(reply, {
    status: STATUS[error.code] ?? 400,
    title: "You are not signed in",
    text,
    tone: "bad",
    link,
  });
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  rate_limited: 429,
  code_exchange_failed: 502,
  discovery_failed: 502,
  provider_unavailable: 503,
  store_unavailable: 503,
  key_unavailable: 503,
};
