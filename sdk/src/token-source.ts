import { abortable } from "./abortable.ts";
import type { AccessToken } from "./access-token.ts";
import type { Service } from "./service.ts";
import { createSingleFlight } from "./single-flight.ts";
import { createTokenCache } from "./token-cache.ts";
import { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";
import type { TokenRefusal } from "./token-refusal.ts";

/** Where the tokens of one connection come from. A signal ends the waiting of its caller, not the shared call. */
export interface TokenSource {
  /** The cached token while it lives `minTtl` seconds, otherwise a new answer of the service; while that is away, what still lives. */
  current(minTtl: number, signal?: AbortSignal): Promise<AccessToken>;
  /** An answer of the service, whatever the cache holds. */
  ask(minTtl: number, signal?: AbortSignal): Promise<AccessToken>;
  /** A newer token than the refused one. */
  replace(refusal: TokenRefusal, minTtl: number, signal?: AbortSignal): Promise<AccessToken>;
}

export function createTokenSource(deps: { readonly connectionId: string; readonly service: Service }): TokenSource {
  const { connectionId, service } = deps;
  const cache = createTokenCache();
  const answers = createSingleFlight<AccessToken>();
  const reports = createSingleFlight<AccessToken>();

  const ask = (minTtl: number) =>
    answers(minTtl, async () => cache.keep(await service.accessToken(connectionId, minTtl)));
  const current = async (minTtl: number) => cache.reusable(minTtl) ?? (await ask(minTtl).catch(livingInstead));
  /** While the service restarts or cannot be reached, a token that still lives does as well. */
  const livingInstead = (error: unknown) => {
    const living = error instanceof TemporarilyUnavailableError ? cache.living() : undefined;
    if (living === undefined) throw error;
    return living;
  };
  const replace = (refusal: TokenRefusal, minTtl: number) => {
    if (cache.hasNewerThan(refusal.generation)) return current(minTtl);
    cache.drop(refusal.generation);
    return reports(refusal.generation, async () => cache.keep(await service.rejected(connectionId, refusal)));
  };

  return {
    current: (minTtl, signal) => abortable(() => current(minTtl), signal),
    ask: (minTtl, signal) => abortable(() => ask(minTtl), signal),
    replace: (refusal, minTtl, signal) => abortable(() => replace(refusal, minTtl), signal),
  };
}
