import { describe, expect, test } from "vitest";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const NEWEST = 12;

/** All of its generations but the newest are spent. */
async function openUsed(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  for (let generation = 2; generation <= NEWEST; generation++) {
    const claim = await stage.claim(ID, { generation: generation - 1 });
    await stage.connections.commit(commitOf(ID, generation), claim);
  }
  return stage;
}

/** What every database has to know of refresh tokens that were the newest once. */
export function connectionSpentContract(kind: DatabaseKind): void {
  describe(`a token set that was the newest once, on ${kind.name}`, () => {
    test("is no spare when it comes late, and gives its claim back", async () => {
      const stage = await openUsed(kind);
      for (let generation = NEWEST - 8; generation < NEWEST; generation++) {
        const claim = await stage.claim(ID, { generation: NEWEST });
        await stage.connections.setAside(ID, tokenRecord(generation), claim);
        expect((await stage.lease(ID)).owner).toBeNull();
      }
      expect(await stage.connections.spares(ID)).toEqual([]);
    });

    test("is told from another of its generation, as far back as is remembered", async () => {
      const stage = await openUsed(kind);
      for (const generation of [NEWEST - 8, NEWEST - 7, NEWEST - 1]) {
        await stage.connections.setAside(ID, tokenRecord(generation, 1), null);
      }
      const spares = await stage.connections.spares(ID);
      expect(spares.map(({ tokens }) => tokens.generation)).toEqual([NEWEST - 1, NEWEST - 7]);
    });
  });
}
