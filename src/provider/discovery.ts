import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { AUTHENTICATION_METHODS, type AuthenticationMethod } from "../oauth/client-authentication.ts";
import type { Transport } from "../oauth/http.ts";
import { metadataUrls, readMetadata, type ServerMetadata } from "../oauth/metadata.ts";
import { providerSchema, type Provider } from "./provider.ts";

const DEADLINE = 10 * SECOND;

/** A provider entry from what an issuer publishes about itself (RFC 8414, OIDC Discovery). Throws `discovery_failed`. */
export async function discoverProvider(
  transport: Transport,
  id: string,
  name: string,
  issuer: string,
): Promise<Provider> {
  const { metadata, failures } = await askForMetadata(transport, issuer);
  if (metadata) return providerFromMetadata(id, name, metadata);
  throw new ServiceError(
    "discovery_failed",
    `The issuer publishes no usable metadata (${failures.join("; ")}). Give the endpoints instead of the issuer, or check the address.`,
  );
}

export interface Discovered {
  /** Null where none of the addresses has it. */
  metadata: ServerMetadata | null;
  /** What each address that was asked in vain said. */
  failures: string[];
  /** Something answered. */
  isReached: boolean;
}

/** Asks an issuer for its metadata, at one address after the other. */
export async function askForMetadata(transport: Transport, issuer: string): Promise<Discovered> {
  const failures: string[] = [];
  let isReached = false;
  for (const url of metadataUrls(issuer)) {
    const result = await transport.send(
      { method: "GET", url, headers: { accept: "application/json" } },
      { deadlineMs: DEADLINE },
    );
    if (result.kind === "failure") {
      failures.push(result.reason);
      continue;
    }
    isReached = true;
    const metadata = result.response.status === 200 ? readMetadata(issuer, result.response.body) : null;
    if (metadata) return { metadata, failures, isReached };
    failures.push(result.response.status === 200 ? "not metadata of this issuer" : `HTTP ${result.response.status}`);
  }
  return { metadata: null, failures, isReached };
}

function providerFromMetadata(id: string, name: string, metadata: ServerMetadata): Provider {
  const scopes = metadata.scopes_supported ?? [];
  const openId = scopes.includes("openid");
  return providerSchema.parse({
    id,
    name,
    issuer: metadata.issuer,
    authorization_url: metadata.authorization_endpoint,
    token_url: metadata.token_endpoint,
    revocation_url: metadata.revocation_endpoint ?? null,
    certificate_token_url: metadata.mtls_endpoint_aliases?.token_endpoint ?? null,
    certificate_revocation_url: metadata.mtls_endpoint_aliases?.revocation_endpoint ?? null,
    userinfo_url: metadata.userinfo_endpoint ?? null,
    iss_parameter: metadata.authorization_response_iss_parameter_supported ?? false,
    authentication: preferredMethod(metadata.token_endpoint_auth_methods_supported),
    dpop_algorithms: metadata.dpop_signing_alg_values_supported ?? [],
    identity_scopes: ["openid", "email"].filter((scope) => openId && scopes.includes(scope)),
    // OIDC Core §11: offline access is a scope, and it must be consented to.
    ...(scopes.includes("offline_access") && {
      offline_access: { scopes: ["offline_access"], parameters: { prompt: "consent" } },
    }),
    identity: { from: openId ? "id_token" : metadata.userinfo_endpoint ? "userinfo" : "none" },
  });
}

/** RFC 8414 §2: `client_secret_basic` is what an omitted list means. */
function preferredMethod(supported: readonly string[] | null | undefined): AuthenticationMethod {
  return AUTHENTICATION_METHODS.find((method) => supported?.includes(method)) ?? "client_secret_basic";
}
