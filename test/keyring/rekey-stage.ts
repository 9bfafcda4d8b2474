import { setImmediate as nextTurn } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { createRekeyer } from "../../src/keyring/rekeyer.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { createRekeyStore } from "../../src/store/rekeys.ts";
import { createSealedStore } from "../../src/store/sealed-store.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { TENANT } from "../stage/world.ts";

/** The machine may be busy. */
export const LONG = { timeout: 15_000 };

/** A service whose tenant key is rotated, and instances that seal anew what it has. */
export async function openRekeyStage() {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const sealed = createSealedStore(stage.database);
  const rekeys = createRekeyStore(stage.database);
  const { clock, observer, keyring } = stage;
  const instance = (instanceId: string, changes: Partial<Parameters<typeof createRekeyer>[0]> = {}) => {
    const rekeyer = createRekeyer({
      clock,
      observer,
      keyring,
      sealed,
      rekeys,
      keys: createKeyStore(stage.database, () => "instance"),
      instanceId,
      isGone: () => false,
      valuesPerSecond: Infinity,
      breathe: () => nextTurn(),
      ...changes,
    });
    onTestFinished(() => rekeyer.stop());
    return rekeyer;
  };
  const begin = async () => {
    const version = await keyring.rotate(TENANT);
    await rekeys.begin(TENANT, version, 1);
    return version;
  };
  return { ...stage, sealed, rekeys, instance, begin };
}

export async function connectMany(stage: EngineStage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made++) ids.push(await stage.connect());
  return ids;
}
