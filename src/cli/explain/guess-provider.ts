import type { Provider } from "../../provider/provider.ts";

/** The provider whose token endpoint `url` is, families included; null when no entry or several have it. */
export function guessProvider(providers: readonly Provider[], url: string | null): Provider | null {
  if (url === null) return null;
  const found = providers.filter(({ token_url, refresh_url }) =>
    [token_url, refresh_url].some((endpoint) => endpoint !== null && matches(endpoint, url)),
  );
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** A blank in the entry's URL stands for a part of a host name or of a path. */
function matches(endpoint: string, url: string): boolean {
  const parts = endpoint.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[^/?#]+")}([?#].*)?$`, "i").test(url);
}
