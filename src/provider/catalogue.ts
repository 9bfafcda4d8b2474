import type { Provider } from "./provider.ts";
import { parametersProblem, withParameters, type ParameterValues } from "./parameters.ts";

/** Custom providers, kept in the database. */
export interface ProviderStore {
  find(id: string): Promise<Provider | null>;
  list(): Promise<Provider[]>;
  put(provider: Provider): Promise<void>;
}

export interface Catalogue {
  /** A custom provider, or else a built-in one. */
  find(id: string): Promise<Provider | null>;
  /** The one authorization server that a client means by `values`; null also when they do not fit the entry. */
  resolve(id: string, values: ParameterValues): Promise<Provider | null>;
  list(): Promise<{ provider: Provider; custom: boolean }[]>;
  put(provider: Provider): Promise<void>;
}

/** Built-in entries with custom ones over them. */
export function createCatalogue(builtIn: readonly Provider[], store: ProviderStore): Catalogue {
  const byId = new Map(builtIn.map((provider) => [provider.id, provider]));

  async function find(id: string): Promise<Provider | null> {
    return (await store.find(id)) ?? byId.get(id) ?? null;
  }

  return {
    find,
    resolve: async (id, values) => {
      const provider = await find(id);
      return provider && parametersProblem(provider, values) === null ? withParameters(provider, values) : null;
    },
    list: async () => {
      const custom = await store.list();
      const replaced = new Set(custom.map((provider) => provider.id));
      return [
        ...builtIn.filter(({ id }) => !replaced.has(id)).map((provider) => ({ provider, custom: false })),
        ...custom.map((provider) => ({ provider, custom: true })),
      ].toSorted((a, b) => a.provider.id.localeCompare(b.provider.id));
    },
    put: (provider) => store.put(provider),
  };
}
