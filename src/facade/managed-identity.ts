import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isId } from "../runtime/id.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { admit } from "./admit.ts";
import { readForm, type Form } from "./form.ts";
import { handOut } from "./hand-out.ts";
import { identityAnswer } from "./identity-answer.ts";
import { identityErrorOf } from "./identity-error.ts";
import { API_VERSION, managedIdentitySchema } from "./managed-identity-schema.ts";
import { OAuthRefusal } from "./oauth-error.ts";
import type { FacadePorts } from "./ports.ts";

/**
 * The managed identity of Azure App Service, whose two variables, IDENTITY_ENDPOINT and IDENTITY_HEADER, every Azure SDK reads. The
 * user-assigned identity is a connection, and the secret header an API key or an agent token.
 */
export function managedIdentity(app: Pick<FastifyInstance, "register">, ports: FacadePorts): void {
  void app.register(async (identity: FastifyInstance) => {
    // The schema describes; what is wrong is said in the protocol's own shape.
    identity.setValidatorCompiler(() => (value) => ({ value }));
    identity.setErrorHandler((error, _request, reply) => sendError(reply, error));
    identity.get("/msi/token", { schema: managedIdentitySchema }, async ({ raw, url }, reply) => {
      const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
      const { connectionId, resource } = askedFor(query);
      const caller = await admit(ports, raw, secretOf(raw));
      const token = await handOut(ports, caller, connectionId);
      void reply.header("cache-control", "no-store");
      return identityAnswer(ports, token, resource);
    });
  });
}

interface Asked {
  connectionId: string;
  resource: string;
}

function askedFor(query: URLSearchParams): Asked {
  const clientIds = new Set(query.getAll("client_id").filter((id) => id !== ""));
  query.delete("client_id");
  const form = readForm(query.toString());
  if (form.get("api-version") !== API_VERSION) refuse(`api-version can only be ${API_VERSION}.`);
  refuseOtherIdentities(form);
  const [connectionId = "", another] = clientIds;
  if (another !== undefined) {
    refuse(
      "client_id stands there twice, with two values: IDENTITY_ENDPOINT may name a connection, and the caller another.",
    );
  }
  if (!isId("con", connectionId)) {
    refuse("client_id is the id of a connection, con_...; IDENTITY_ENDPOINT may end with ?client_id=con_...");
  }
  return { connectionId, resource: form.require("resource") };
}

/** A connection is no principal of Azure, and has one name. */
function refuseOtherIdentities(form: Form): void {
  for (const name of ["principal_id", "object_id", "mi_res_id", "msi_res_id"]) {
    if (form.get(name) !== undefined) refuse(`${name} names nothing here; a connection is named by client_id.`);
  }
}

function secretOf({ headers }: FastifyRequest["raw"]): string | undefined {
  const header = headers["x-identity-header"];
  return typeof header === "string" ? header : undefined;
}

function refuse(sentence: string): never {
  throw new OAuthRefusal("invalid_request", sentence);
}

/** What is no refusal is told by the framework's own handler, which notes it in the log. */
function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof OAuthRefusal) && !(error instanceof ServiceError)) throw error;
  const { status, headers, body } = identityErrorOf(error);
  return reply.status(status).headers(headers).type("application/json").serializer(JSON.stringify).send(body);
}
