import type { Catalogue } from "../provider/catalogue.ts";
import type { Provider } from "../provider/provider.ts";
import type { AuthenticationMethod } from "../oauth/client-authentication.ts";
import type { Client } from "./client.ts";

/**
 * The authorization server at which `client` is registered, with the URLs that are for clients such as this one. Null when its
 * entry is gone, or has changed so that it no longer fits.
 */
export async function providerOf(
  catalogue: Pick<Catalogue, "resolve">,
  { providerId, settings, authentication }: Pick<Client, "providerId" | "settings" | "authentication">,
): Promise<Provider | null> {
  const provider = await catalogue.resolve(providerId, settings.providerParameters);
  return provider && showsCertificate(authentication) ? forCertificates(provider) : provider;
}

function showsCertificate(method: AuthenticationMethod): boolean {
  return method === "tls_client_auth" || method === "self_signed_tls_client_auth";
}

function forCertificates(provider: Provider): Provider {
  return {
    ...provider,
    token_url: provider.certificate_token_url ?? provider.token_url,
    refresh_url: provider.certificate_token_url ?? provider.refresh_url,
    revocation_url: provider.certificate_revocation_url ?? provider.revocation_url,
  };
}
