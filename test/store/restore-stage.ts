import type { Followed, Knowledge, RestoreStore } from "../../src/refresh/restores.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createRestoreStore } from "../../src/store/restores.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, type StoreStage } from "../stage/store-stage.ts";

export interface RestoreStage extends StoreStage {
  restores: RestoreStore;
}

export const NOTHING: Knowledge = { newestSince: null, staticProviders: [] };

export async function open(kind: DatabaseKind): Promise<RestoreStage> {
  const stage = await openStoreStage(kind);
  await stage.database.write(async (queries) => {
    await queries.insertInto("installation").values({ id: "installation-1", created_at: 1 }).execute();
  });
  return { ...stage, restores: createRestoreStore(stage.database) };
}

/** A database that somebody followed and that is now as it was before that. */
export async function openOlder(kind: DatabaseKind): Promise<RestoreStage & { followed: Followed; from: number }> {
  const stage = await open(kind);
  await stage.restores.follow(null);
  const from = stage.clock.now();
  await stage.clock.advance(MINUTE);
  return { ...stage, from, followed: { beats: 5, at: stage.clock.now() - SECOND, forgivesMs: 0 } };
}

export async function holdAll({ restores }: RestoreStage, knowledge = NOTHING): Promise<number> {
  for (let held = 0; ;) {
    const window = await restores.hold(knowledge);
    held += window.held;
    if (window.done) return held;
  }
}

/** One connection, held for two minutes. */
export async function openHeld(kind: DatabaseKind): Promise<RestoreStage> {
  const stage = await open(kind);
  await stage.create("con_1");
  await stage.restores.mark(0);
  await holdAll(stage);
  await stage.clock.advance(2 * MINUTE);
  return stage;
}
