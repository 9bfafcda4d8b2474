import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { apiKeySchema, mintedKeySchema, rotatedKeySchema } from "../../../src/api/api-key-view.ts";
import { ask } from "./ask.ts";
import { queryClient } from "./query-client.ts";

export type ApiKey = z.infer<typeof apiKeySchema>;
export type MintedKey = z.infer<typeof mintedKeySchema>;
export type RotatedKey = z.infer<typeof rotatedKeySchema>;
export type Scope = ApiKey["scopes"][number];

export interface NewApiKey extends Pick<ApiKey, "name" | "scopes" | "allowed_cidrs"> {
  expires_at?: string;
  rate_limit?: number;
  tenant?: string;
}

export const apiKeysQuery = queryOptions({
  queryKey: ["api-keys"],
  queryFn: async ({ signal }) => (await ask<{ api_keys: ApiKey[] }>("v1/api-keys", { signal })).api_keys,
});

/** With its text, which the service tells this once. */
export async function makeKey(key: NewApiKey): Promise<MintedKey> {
  return changed(await ask<MintedKey>("v1/api-keys", { method: "POST", body: key }));
}

export async function rotateKey(id: string, overlapSeconds: number): Promise<RotatedKey> {
  const body = { overlap_seconds: overlapSeconds };
  return changed(await ask<RotatedKey>(`${pathOf(id)}/rotate`, { method: "POST", body }));
}

export async function revokeKey(id: string): Promise<void> {
  await changed(await ask(pathOf(id), { method: "DELETE" }));
}

function pathOf(id: string): string {
  return `v1/api-keys/${encodeURIComponent(id)}`;
}

async function changed<T>(made: T): Promise<T> {
  await queryClient.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
  return made;
}
