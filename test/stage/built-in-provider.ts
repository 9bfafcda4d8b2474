import type { Provider } from "../../src/provider/provider.ts";
import { builtInEntry } from "./catalogue-entry.ts";

/** An entry of the catalogue, with its endpoints at `origin`, so that clients have nothing to say about its URLs. */
export function builtInProviderAt(origin: string, id: string): Provider {
  const { provider } = builtInEntry(id);
  return {
    ...provider,
    issuer: provider.issuer && origin,
    authorization_url: `${origin}/authorize`,
    token_url: `${origin}/token`,
    refresh_url: provider.refresh_url && `${origin}/refresh`,
    revocation_url: provider.revocation_url && `${origin}/revoke`,
    userinfo_url: provider.userinfo_url && `${origin}/userinfo`,
    parameters: {},
  };
}
