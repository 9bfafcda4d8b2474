import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ServiceError } from "../runtime/service-error.ts";
import { readForm, type Form } from "./form.ts";
import { FORM, LARGEST_FORM, tokenEndpointSchema } from "./token-endpoint-schema.ts";
import { OAuthRefusal, oauthErrorOf } from "./oauth-error.ts";
import type { TokenEndpointPorts } from "./ports.ts";
import type { TokenAnswer } from "./token-answer.ts";
import { exchangeToken, TOKEN_EXCHANGE } from "./token-exchange.ts";
import { refreshVirtually } from "./virtual-refresh-token.ts";

/** RFC 6749 §3.2: `POST /oauth/token`, for whoever can be told the address of a token endpoint. */
export function tokenEndpoint(app: Pick<FastifyInstance, "register">, ports: TokenEndpointPorts): void {
  void app.register(async (endpoint: FastifyInstance) => {
    endpoint.removeAllContentTypeParsers();
    // The schema describes; what stands in a form its grant says, in the protocol's own words.
    endpoint.setValidatorCompiler(() => (value) => ({ value }));
    endpoint.addContentTypeParser(FORM, { parseAs: "string" }, (_request, body, done) => done(null, String(body)));
    endpoint.setErrorHandler((error, _request, reply) => sendError(reply, error));
    endpoint.post("/oauth/token", { schema: tokenEndpointSchema, bodyLimit: LARGEST_FORM }, async (request, reply) => {
      const form = readForm(typeof request.body === "string" ? request.body : "");
      void reply.header("cache-control", "no-store");
      return grantOf(form)(ports, request.raw, form);
    });
  });
}

type Grant = (ports: TokenEndpointPorts, request: FastifyRequest["raw"], form: Form) => Promise<TokenAnswer>;

const GRANTS: Readonly<Record<string, Grant>> = { [TOKEN_EXCHANGE]: exchangeToken, refresh_token: refreshVirtually };

function grantOf(form: Form): Grant {
  const name = form.require("grant_type");
  const grant = Object.hasOwn(GRANTS, name) ? GRANTS[name] : undefined;
  if (grant) return grant;
  throw new OAuthRefusal("unsupported_grant_type", `grant_type is one of: ${Object.keys(GRANTS).join(", ")}.`);
}

/** What is no refusal is told by the framework's own handler, which notes it in the log. */
function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const { status, headers, body } = oauthErrorOf(understand(error));
  return reply.status(status).headers(headers).type("application/json").serializer(JSON.stringify).send(body);
}

/** Also what the framework refuses before a grant sees it. */
function understand(error: unknown): OAuthRefusal | ServiceError {
  if (error instanceof OAuthRefusal || error instanceof ServiceError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ServiceError("unsupported_media_type", `Send the parameters as ${FORM}.`);
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ServiceError("payload_too_large", `The parameters are more than ${LARGEST_FORM / 1024} KiB.`);
  }
  throw error;
}
