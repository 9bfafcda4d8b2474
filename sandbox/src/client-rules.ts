import type { SandboxClient } from "./client-table.ts";

/** What keeps a client from being used, in sentences. */
export function problemsWithClient(client: SandboxClient): string[] {
  const problems: string[] = [];
  if (!isPrintable(client.clientId)) problems.push("client_id must be printable ASCII");
  problems.push(...problemsWithProof(client));
  if (client.redirectUris.length === 0) problems.push("redirect_uris must name at least one URI");
  for (const uri of client.redirectUris) {
    if (!isAbsoluteUrl(uri))
      problems.push(`redirect URI ${JSON.stringify(uri)} is not an http(s) URL without fragment`);
  }
  return problems;
}

function problemsWithProof({ tokenEndpointAuthMethod: method, clientSecret, jwksUri }: SandboxClient): string[] {
  if (method === "none") return [];
  if (method !== "private_key_jwt") return problemsWithSecret(clientSecret);
  return jwksUri !== undefined && isAbsoluteUrl(jwksUri) ? [] : ["private_key_jwt needs a jwks_uri, an http(s) URL"];
}

export function problemsWithSecret(secret: string): string[] {
  return isPrintable(secret) ? [] : ["client_secret must be printable ASCII and not empty"];
}

/** RFC 6749 appendix A: VSCHAR. */
function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text);
}

/** RFC 6749 §3.1.2: absolute and without a fragment. */
function isAbsoluteUrl(uri: string): boolean {
  return URL.canParse(uri) && /^https?:\/\/[^#]+$/i.test(uri);
}
