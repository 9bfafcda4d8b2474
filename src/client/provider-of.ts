import type { Catalogue } from "../provider/catalogue.ts";
import type { Provider } from "../provider/provider.ts";
import type { Client } from "./client.ts";

/** The authorization server at which `client` is registered. Null when its entry is gone, or has changed so that it no longer fits. */
export function providerOf(
  catalogue: Pick<Catalogue, "resolve">,
  { providerId, settings }: Pick<Client, "providerId" | "settings">,
): Promise<Provider | null> {
  return catalogue.resolve(providerId, settings.providerParameters);
}
