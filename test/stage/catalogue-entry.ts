import type { ParameterValues } from "../../src/provider/parameters.ts";
import { withParameters } from "../../src/provider/parameters.ts";
import type { Provider } from "../../src/provider/provider.ts";
import { readBuiltInProviders } from "../../src/service/built-in-providers.ts";

/** An entry of the catalogue, and which authorization server of its family is meant. */
export interface CatalogueEntry {
  provider: Provider;
  parameters: ParameterValues;
}

const builtIn = new Map(readBuiltInProviders().map((provider) => [provider.id, provider]));

/** An entry that the service brings along. `changes` are those of an operator who keeps an entry of that name. */
export function builtInEntry(
  id: string,
  { parameters = {}, changes = {} }: { parameters?: ParameterValues; changes?: Partial<Provider> } = {},
): CatalogueEntry {
  const provider = builtIn.get(id);
  if (!provider) throw new Error(`There is no entry ${id}.`);
  return { provider: { ...provider, ...changes }, parameters };
}

/** Where its authorization server answers requests. */
export function hostsOf({ provider, parameters }: CatalogueEntry): string[] {
  const { token_url, refresh_url, revocation_url, userinfo_url } = withParameters(provider, parameters);
  const urls = [token_url, refresh_url, revocation_url, userinfo_url].filter((url) => url !== null);
  return [...new Set(urls.map((url) => new URL(url).host))];
}
