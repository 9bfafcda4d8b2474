import { describe, expect, test } from "vitest";
import { DEFAULT_CLIENT_SETTINGS } from "../../src/client/client.ts";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
import { createProbeStore } from "../../src/store/probes.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ENDLESS = { tokens: { ...tokenRecord(1), expiresAt: null } };
const EVERY = { tenantId: "default", limit: 10, after: null, clientId: null, status: null };

async function idsOf(stage: StoreStage, limit = 100): Promise<string[]> {
  const { due } = await createProbeStore(stage.database).claim(limit);
  return due.map(({ connection }) => connection.id);
}

/** What every database has to say of connections that nobody has proven for long. */
export function probesContract(kind: DatabaseKind): void {
  describe(`connections to prove on ${kind.name}`, () => {
    test("are those that nothing has proven for as long as their client allows, each for one instance a day", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", {}, ENDLESS);
      await stage.create("con_2", {}, ENDLESS);
      expect(await idsOf(stage)).toEqual([]);
      await stage.clock.advance(6 * DAY);
      await stage.connections.markProven("con_2");
      await stage.clock.advance(DAY);
      expect(await Promise.all([idsOf(stage), idsOf(stage)]).then((found) => found.flat())).toEqual(["con_1"]);
      expect(await idsOf(stage)).toEqual([]);
      await stage.clock.advance(DAY);
      expect(await idsOf(stage)).toEqual(["con_1"]);
      await stage.clock.advance(5 * DAY);
      expect(await idsOf(stage)).toEqual(["con_1", "con_2"]);
    });

    test("are none whose access token has ended or is missing, that are over, or whose client wants none", async () => {
      const stage = await openStoreStage(kind);
      const gone = { tokens: { ...ENDLESS.tokens, sealedAccessToken: null } };
      await stage.create("con_ended", {}, { tokens: { ...tokenRecord(1), expiresAt: stage.clock.now() + DAY } });
      await stage.create("con_gone", {}, gone);
      await stage.create("con_over", { status: "reauthorization_required" }, ENDLESS);
      await stage.create("con_well", {}, { tokens: { ...tokenRecord(1), expiresAt: stage.clock.now() + 9 * DAY } });
      await stage.clock.advance(8 * DAY);
      expect(await idsOf(stage)).toEqual(["con_well"]);
      await stage.clients.change("cli_1", { settings: { ...DEFAULT_CLIENT_SETTINGS, probeEveryDays: 0 } });
      await stage.clock.advance(DAY - HOUR);
      expect(await idsOf(stage)).toEqual([]);
    });

    test("are taken some at a time, and those that are over do not keep the others from their turn", async () => {
      const stage = await openStoreStage(kind);
      for (let n = 0; n < 5; n++) await stage.create(`con_a${n}`, { status: "disconnected" }, ENDLESS);
      await stage.create("con_z", {}, ENDLESS);
      await stage.clock.advance(8 * DAY);
      const store = createProbeStore(stage.database);
      const claims = [await store.claim(4), await store.claim(4)];
      expect(claims.map(({ looked }) => looked)).toEqual([4, 2]);
      expect(claims.flatMap(({ due }) => due.map(({ connection }) => connection.id))).toEqual(["con_z"]);
    });

    test("are counted from the oldest proof", async () => {
      const stage = await openStoreStage(kind);
      const store = createProbeStore(stage.database);
      expect(await store.oldestProof()).toBeNull();
      await stage.create("con_1");
      await stage.clock.advance(DAY);
      await stage.create("con_2");
      expect(await store.oldestProof()).toBe(DAY);
      await stage.connections.markProven("con_1");
      await stage.clock.advance(HOUR);
      expect(await store.oldestProof()).toBe(HOUR);
    });

    test("are listed by their last proof, page by page, and those only that have none since", async () => {
      const stage = await openStoreStage(kind);
      const now = stage.clock.now();
      await stage.create("con_1", { lastProvenAt: now });
      await stage.create("con_2", { lastProvenAt: now - DAY });
      await stage.create("con_3");
      await stage.create("con_4", { lastProvenAt: now - DAY });
      const list = async (changes: Partial<Parameters<typeof stage.connections.list>[0]>) =>
        (await stage.connections.list({ ...EVERY, ...changes })).map(({ id }) => id);
      expect(await list({ order: "proven" })).toEqual(["con_3", "con_2", "con_4", "con_1"]);
      expect(await list({ order: "proven", after: "con_2" })).toEqual(["con_4", "con_1"]);
      expect(await list({ order: "proven", after: "con_3", limit: 1 })).toEqual(["con_2"]);
      expect(await list({ provenBefore: now })).toEqual(["con_2", "con_3", "con_4"]);
      expect(await list({ provenBefore: now - DAY, order: "proven" })).toEqual(["con_3"]);
    });
  });
}
