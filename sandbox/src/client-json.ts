import { problemsWithClient, problemsWithSecret } from "./client-rules.ts";
import { dpopDemands, tokenEndpointAuthMethods, type SandboxClient } from "./client-table.ts";
import { createFieldReader } from "./field-reader.ts";

/** Reads a client off the wire. With any problem the client must not be used. */
export function readClient(clientId: string, json: unknown): { client: SandboxClient; problems: string[] } {
  const problems: string[] = [];
  const fields = createFieldReader(json, problems, "client");
  const method = readMethod(fields.string("token_endpoint_auth_method"), problems);
  const dpop = readDpop(fields.string("dpop"), problems);
  const jwksUri = fields.string("jwks_uri");
  const client: SandboxClient = {
    clientId,
    clientSecret: fields.string("client_secret") ?? "",
    redirectUris: fields.strings("redirect_uris") ?? [],
    ...(method && { tokenEndpointAuthMethod: method }),
    ...(jwksUri !== undefined && { jwksUri }),
    ...(dpop && { dpop }),
  };
  fields.finish();
  return { client, problems: [...problems, ...problemsWithClient(client)] };
}

/** Reads the body of a secret rotation. */
export function readSecret(json: unknown): { secret: string; problems: string[] } {
  const problems: string[] = [];
  const fields = createFieldReader(json, problems, "secret");
  const secret = fields.string("client_secret") ?? "";
  fields.finish();
  return { secret, problems: [...problems, ...problemsWithSecret(secret)] };
}

function readDpop(given: string | undefined, problems: string[]): SandboxClient["dpop"] {
  const demand = dpopDemands.find((known) => known === given);
  if (given !== undefined && demand === undefined) problems.push(`dpop must be one of ${dpopDemands.join(", ")}`);
  return demand;
}

function readMethod(given: string | undefined, problems: string[]): SandboxClient["tokenEndpointAuthMethod"] {
  const method = tokenEndpointAuthMethods.find((known) => known === given);
  if (given !== undefined && method === undefined) {
    problems.push(`token_endpoint_auth_method must be one of ${tokenEndpointAuthMethods.join(", ")}`);
  }
  return method;
}
