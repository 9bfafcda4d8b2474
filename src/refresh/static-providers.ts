import type { Catalogue } from "../provider/catalogue.ts";
import { mayRotate } from "./lease-times.ts";

/** The ids of the providers whose refresh tokens are never replaced, as far as their entries say. */
export async function staticProviders(catalogue: Pick<Catalogue, "list">): Promise<string[]> {
  const entries = await catalogue.list();
  return entries.filter(({ provider }) => !mayRotate(provider.replay)).map(({ provider }) => provider.id);
}
