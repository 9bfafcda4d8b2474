import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SignInLimit } from "../access/sign-in-limit.ts";
import type { OperatorSignIn } from "../access/sign-in.ts";
import { isElsewhere } from "../connect/arrival-address.ts";
import { attemptTag } from "../connect/begin.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { ServiceError, type ErrorCode } from "../runtime/service-error.ts";
import { createBrowserCookie } from "./browser-cookie.ts";
import { pathOf, sendAway, sendPage, shielded } from "./page.ts";

export interface OperatorPagesDeps {
  signIn: OperatorSignIn;
  limit: SignInLimit;
  cookie: { set(value: string): string };
  peerAddress(this: void, request: FastifyRequest["raw"]): string | null;
  tenants: ConnectPorts["tenants"];
  publicUrl: string;
}

/** The way by which an operator signs in. It leads to no other address than the issuer's and the dashboard's. */
export function registerOperatorPages(app: Pick<FastifyInstance, "register">, deps: OperatorPagesDeps): void {
  void app.register(async (pages: FastifyInstance) => {
    pages.setErrorHandler((error, _request, reply) => {
      if (error instanceof ServiceError) return sendFailure(reply, error, `${pathOf(deps.publicUrl)}/operator/sign-in`);
      shielded(reply);
      throw error;
    });
    pages.addHook("preHandler", async ({ host }) => {
      if (await isElsewhere(deps, host, deps.publicUrl)) {
        throw new ServiceError("not_found", "Operators do not sign in at this address.");
      }
    });
    const hidden = { schema: { hide: true } };
    pages.get("/operator/sign-in", hidden, (request, reply) => leave(deps, request, reply));
    pages.get("/operator/callback", hidden, (request, reply) => comeBack(deps, request, reply));
  });
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
  return sendAway(
    reply.header("set-cookie", deps.cookie.set(cookie.reveal())),
    `${pathOf(deps.publicUrl)}/dashboard/`,
    303,
  );
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
