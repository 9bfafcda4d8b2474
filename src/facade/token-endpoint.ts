import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ServiceError } from "../runtime/service-error.ts";
import { readForm, type Form } from "./form.ts";
import { OAuthRefusal, oauthErrorOf } from "./oauth-error.ts";
import type { FacadePorts } from "./ports.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { exchangeToken, TOKEN_EXCHANGE } from "./token-exchange.ts";

/** RFC 6749 §3.2: `POST /oauth/token`, for whoever can be told the address of a token endpoint. */
export function tokenEndpoint(app: Pick<FastifyInstance, "register">, ports: FacadePorts): void {
  void app.register(async (endpoint: FastifyInstance) => {
    endpoint.removeAllContentTypeParsers();
    endpoint.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
      done(null, String(body)),
    );
    endpoint.setErrorHandler((error, _request, reply) => sendError(reply, error));
    endpoint.post("/oauth/token", { schema: { hide: true }, bodyLimit: LARGEST_FORM }, async (request, reply) => {
      const form = readForm(typeof request.body === "string" ? request.body : "");
      void reply.header("cache-control", "no-store");
      return grantOf(form)(ports, request.raw, form);
    });
  });
}

const LARGEST_FORM = 32 * 1024;

type Grant = (ports: FacadePorts, request: FastifyRequest["raw"], form: Form) => Promise<TokenAnswer>;

const GRANTS: Readonly<Record<string, Grant>> = { [TOKEN_EXCHANGE]: exchangeToken };

function grantOf(form: Form): Grant {
  const name = form.require("grant_type");
  const grant = Object.hasOwn(GRANTS, name) ? GRANTS[name] : undefined;
  if (grant) return grant;
  throw new OAuthRefusal("unsupported_grant_type", `grant_type is one of: ${Object.keys(GRANTS).join(", ")}.`);
}

/** What is no refusal is told by the framework's own handler, which notes it in the log. */
function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof OAuthRefusal) && !(error instanceof ServiceError)) throw error;
  const { status, headers, body } = oauthErrorOf(error);
  return reply.status(status).headers(headers).type("application/json").send(body);
}
