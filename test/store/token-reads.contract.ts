import { describe, expect, test } from "vitest";
import type { TokenReads } from "../../src/access/store.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { createTokenReadStore } from "../../src/store/token-reads.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

/** What every database has to make of `TokenReadStore`. */
export function tokenReadStoreContract(kind: DatabaseKind): void {
  describe(`counts of handed-out access tokens on ${kind.name}`, () => {
    test("add up by hour, key and connection", async () => {
      const reads = await open(kind);
      await reads.add([read(1, "key_b", 2), read(1, "key_a", 1), read(2, "key_a", 5), read(1, "key_a", 9, "con_2")]);
      await reads.add([read(1, "key_a", 10), read(3, "key_a", 1)]);
      await reads.add([]);
      expect(await reads.list({ connectionId: "con_1", from: 0, to: 9 * HOUR })).toEqual([
        read(1, "key_a", 11),
        read(1, "key_b", 2),
        read(2, "key_a", 5),
        read(3, "key_a", 1),
      ]);
    });

    test("add up when several processes tell theirs at once, in any order", async () => {
      const reads = await open(kind);
      const some = Array.from({ length: 50 }, (_, index) => read(1, `key_${index}`, 1));
      await Promise.all([some, some.toReversed(), some, some.toReversed()].map((each) => reads.add(each)));
      const found = await reads.list({ connectionId: "con_1", from: HOUR, to: 2 * HOUR });
      expect(found.map(({ count }) => count)).toEqual(Array(50).fill(4));
    });

    test("are found from the hour of the beginning on, and before the end", async () => {
      const reads = await open(kind);
      await reads.add([0, 1, 2, 3].map((hour) => read(hour, "key_a", 1)));
      const hours = async (from: number, to: number) =>
        (await reads.list({ connectionId: "con_1", from, to })).map(({ hour }) => hour / HOUR);
      expect(await hours(HOUR, 3 * HOUR)).toEqual([1, 2]);
      expect(await hours(1.5 * HOUR, 2 * HOUR + 1)).toEqual([1, 2]);
      expect(await hours(4 * HOUR, 5 * HOUR)).toEqual([]);
    });

    test("are deleted when their hour began before", async () => {
      const reads = await open(kind);
      await reads.add([0, 1, 2, 3].flatMap((hour) => [read(hour, "key_a", 1), read(hour, "key_b", 1)]));
      await reads.prune(2 * HOUR);
      await reads.prune(2 * HOUR);
      const left = await reads.list({ connectionId: "con_1", from: 0, to: 9 * HOUR });
      expect(left.map(({ hour }) => hour / HOUR)).toEqual([2, 2, 3, 3]);
    });
  });
}

async function open(kind: DatabaseKind) {
  return createTokenReadStore((await openStoreStage(kind)).database);
}

function read(hour: number, keyId: string, count: number, connectionId = "con_1"): TokenReads {
  return { hour: hour * HOUR, keyId, connectionId, count };
}
