import { problemsWithClient, problemsWithSecret } from "./client-rules.ts";
import type { SandboxClient } from "./client-table.ts";
import { createFieldReader } from "./field-reader.ts";

/** Reads a client off the wire. With any problem the client must not be used. */
export function readClient(clientId: string, json: unknown): { client: SandboxClient; problems: string[] } {
  const problems: string[] = [];
  const fields = createFieldReader(json, problems, "client");
  const method = readMethod(fields.string("token_endpoint_auth_method"), problems);
  const client: SandboxClient = {
    clientId,
    clientSecret: fields.string("client_secret") ?? "",
    redirectUris: fields.strings("redirect_uris") ?? [],
    ...(method && { tokenEndpointAuthMethod: method }),
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

function readMethod(method: string | undefined, problems: string[]): SandboxClient["tokenEndpointAuthMethod"] {
  switch (method) {
    case undefined:
    case "client_secret_basic":
    case "client_secret_post":
    case "none":
      return method;
    default:
      problems.push("token_endpoint_auth_method must be client_secret_basic, client_secret_post or none");
      return undefined;
  }
}
