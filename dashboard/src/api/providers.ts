import { queryOptions } from "@tanstack/react-query";
import { ask } from "./ask.ts";
import type { Provider } from "./client-shapes.ts";
import { queryClient } from "./query-client.ts";

/** The catalogue, with what was added to it here. */
export const providersQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: async ({ signal }) => (await ask<{ providers: Provider[] }>("v1/providers", { signal })).providers,
  staleTime: 300_000,
});

export interface IssuerToAdd {
  id: string;
  name: string;
  issuer: string;
}

/** Takes the entry from what the issuer publishes about itself (RFC 8414, OIDC Discovery). */
export async function addProvider({ id, ...body }: IssuerToAdd): Promise<Provider> {
  const added = await ask<Provider>(`v1/providers/${encodeURIComponent(id)}`, { method: "PUT", body });
  await queryClient.invalidateQueries({ queryKey: providersQuery.queryKey });
  return added;
}
