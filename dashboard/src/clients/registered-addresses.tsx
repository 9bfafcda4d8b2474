import type { Client } from "../api/client-shapes.ts";
import { Copy } from "../design/copy.tsx";
import { Facts } from "../design/facts.tsx";

/** What stands at the provider, exactly so. */
export function RegisteredAddresses({ client }: { client: Client }) {
  return (
    <Facts
      facts={{
        "Redirect URI": <Copy text={client.redirect_uri} label="the redirect URI" />,
        ...(client.jwks_uri !== null && { "JWKS URL": <Copy text={client.jwks_uri} label="the JWKS URL" /> }),
      }}
    />
  );
}
