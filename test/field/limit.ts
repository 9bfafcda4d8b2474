import { providerSchema, type Provider } from "../../src/provider/provider.ts";
import type { EngineStage } from "../stage/engine-stage.ts";

/** Gives the provider these limits; without them, those of an entry that names none. */
export async function limit(stage: Pick<EngineStage, "catalogue">, pace?: Provider["pace"]): Promise<void> {
  const { pace: _, ...entry } = (await stage.catalogue.find("provider")) ?? {};
  await stage.catalogue.put(providerSchema.parse({ ...entry, ...(pace && { pace }) }));
}
