import type { Snapshot } from "../connection/store.ts";
import type { Provider } from "../provider/provider.ts";

/** The claims that a refresh of the connection is to carry, as JSON: an API wants them, and nobody has tried; else null. */
export function claimsToSend({
  held: { connection },
  provider,
}: {
  held: Pick<Snapshot, "connection">;
  provider: Pick<Provider, "claims_parameter">;
}): string | null {
  const { claims } = connection;
  if (claims === null || claims.isRefused || !provider.claims_parameter.includes("refresh")) return null;
  return claims.json;
}
