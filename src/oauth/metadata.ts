import { z } from "zod";

const endpoint = z.url({ protocol: /^https?$/ }).max(2000);

const schema = z.object({
  issuer: endpoint,
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  revocation_endpoint: endpoint.nullish(),
  userinfo_endpoint: endpoint.nullish(),
  /** Only signing in needs it, so one that cannot be read harms no provider. */
  jwks_uri: endpoint.nullish().catch(null),
  scopes_supported: z.array(z.string()).nullish(),
  token_endpoint_auth_methods_supported: z.array(z.string()).nullish(),
  /** RFC 8705 §5: where clients show their certificates. */
  mtls_endpoint_aliases: z
    .object({ token_endpoint: endpoint.nullish(), revocation_endpoint: endpoint.nullish() })
    .nullish(),
  /** RFC 9449 §5.1: what proofs may be signed with. */
  dpop_signing_alg_values_supported: z.array(z.string().min(1).max(100)).nullish(),
  authorization_response_iss_parameter_supported: z.boolean().nullish(),
});

/** Authorization-server metadata (RFC 8414 §2, OIDC Discovery §3), as far as it is used here. */
export type ServerMetadata = z.infer<typeof schema>;

/** Where an issuer publishes its metadata: OIDC Discovery §4.1 first, then RFC 8414 §3.1. */
export function metadataUrls(issuer: string): string[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, "");
  return [
    `${url.origin}${path}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** Reads a metadata document; null when it is not one or speaks for another issuer (RFC 8414 §3.3). */
export function readMetadata(issuer: string, body: Uint8Array): ServerMetadata | null {
  try {
    const metadata = schema.parse(JSON.parse(new TextDecoder().decode(body)));
    return sameIssuer(metadata.issuer, issuer) ? metadata : null;
  } catch {
    return null;
  }
}

/** Issuers are compared as they are, but for a slash at the end, which some forget. */
export function sameIssuer(a: string, b: string): boolean {
  return a === b || a.replace(/\/$/, "") === b.replace(/\/$/, "");
}
