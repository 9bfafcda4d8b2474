import type { ClientKeys } from "../client/client-keys.ts";
import type { Client } from "../client/client.ts";
import { newDpopKey, type SealedDpopKey } from "../client/dpop-key.ts";
import type { Catalogue } from "../provider/catalogue.ts";
import type { Sealer } from "../runtime/sealer.ts";

/** What `dpop` in a request makes of the client: a new key, or null for none. Undefined: nothing changes. */
export async function dpopKeyFor(
  deps: { catalogue: Pick<Catalogue, "find">; keys: ClientKeys; sealer: Sealer },
  { tenantId, providerId, dpopKey }: Pick<Client, "tenantId" | "providerId" | "dpopKey">,
  wanted: boolean | undefined,
): Promise<SealedDpopKey | null | undefined> {
  if (wanted === undefined || wanted === (dpopKey !== null)) return undefined;
  if (!wanted) return null;
  return newDpopKey(deps, tenantId, (await deps.catalogue.find(providerId)) ?? NOT_KNOWN);
}

/** A custom provider that is no longer defined. */
const NOT_KNOWN = { dpop_algorithms: [] };
