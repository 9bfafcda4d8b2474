import { describe, expect, test } from "vitest";
import type { SealedRow } from "../../src/access/sealed-store.ts";
import { DAY, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { createRekeyStore } from "../../src/store/rekeys.ts";
import { createSealedStore } from "../../src/store/sealed-store.ts";
import { createSecurityEventReceiverStore } from "../../src/store/security-event-receivers.ts";
import { createWebhookStore } from "../../src/store/webhook-endpoints.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord } from "../stage/store-stage.ts";

const TENANT = "default";
const FIRST = { table: "token_sets", after: null } as const;

/** As far as anybody looks without a key: a record that this version of the key has sealed. */
function sealedWith(version: number, mark = 0): Buffer {
  const bytes = Buffer.alloc(100, mark);
  bytes.write("EGR1");
  bytes.writeUInt8(1, 4);
  bytes.writeUInt32BE(version, 5);
  return bytes;
}

function tokensWith(version: number, generation = 1) {
  const sealed = { sealedAccessToken: sealedWith(version, 1), sealedRefreshToken: sealedWith(version, 2) };
  return { ...tokenRecord(generation), ...sealed };
}

/** What another answer brought. */
function spareWith(version: number) {
  return { ...tokensWith(version), sealedRefreshToken: sealedWith(version, 7), refreshTokenName: "another" };
}

async function openWithKeys(kind: DatabaseKind, versions = 1) {
  const stage = await openStoreStage(kind);
  const keys = createKeyStore(stage.database, () => "instance");
  for (const fingerprint of ["old", "new"]) await keys.addRootKey({ fingerprint, sentinel: Buffer.of(0), kept: null });
  for (let version = 0; version <= versions; version++) {
    await keys.addTenantKey({ tenantId: TENANT, version, wrapped: Buffer.of(version), rootFingerprint: "old" });
  }
  const rekeys = createRekeyStore(stage.database);
  /** As a rekey does, to a version beyond all. */
  const replace = async (rows: readonly SealedRow[]): Promise<number | null> => {
    await rekeys.begin(TENANT, 99, 0);
    const rekey = await rekeys.claim("ins_replacing", MINUTE);
    if (!rekey) throw new Error("Somebody else has claimed it.");
    const replaced = await rekeys.advance(rekey, rows, { owner: "ins_replacing", leaseMs: MINUTE });
    await rekeys.giveBack(TENANT, "ins_replacing");
    return replaced;
  };
  return { ...stage, keys, sealed: createSealedStore(stage.database), rekeys, replace };
}

/** What every database has to make of keys that are rotated. */
export function keyRotationContract(kind: DatabaseKind): void {
  describe(`wrapping keys anew on ${kind.name}`, () => {
    test("is done key by key, and the old root key is forgotten when it wraps nothing", async () => {
      const { keys } = await openWithKeys(kind, 2);
      expect(await keys.wrappedBy()).toEqual(new Map([["old", 3]]));
      const [first, ...rest] = await keys.wrappedByOthers("new", 10);
      if (!first) throw new Error("Nothing is wrapped.");
      await keys.rewrap({ ...first, wrapped: Buffer.of(9), rootFingerprint: "new" }, "old");
      // Somebody else was faster.
      await keys.rewrap({ ...first, wrapped: Buffer.of(8), rootFingerprint: "new" }, "old");
      expect((await keys.tenantKeys(TENANT))[0]).toMatchObject({ wrapped: Buffer.of(9), rootFingerprint: "new" });
      await keys.forgetRootKeysBut("new");
      expect((await keys.rootKeys()).map(({ fingerprint }) => fingerprint)).toEqual(["new", "old"]);
      for (const key of rest) await keys.rewrap({ ...key, rootFingerprint: "new" }, "old");
      expect(await keys.wrappedByOthers("new", 10)).toEqual([]);
      await keys.forgetRootKeysBut("new");
      expect((await keys.rootKeys()).map(({ fingerprint }) => fingerprint)).toEqual(["new"]);
    });
  });

  describe(`sealed values on ${kind.name}`, () => {
    test("are counted by the version that sealed them, wherever they are", async () => {
      const stage = await openWithKeys(kind);
      const { sealed, connections, clients } = stage;
      await stage.create("con_1", {}, { tokens: tokensWith(1) });
      await stage.create("con_2", {}, { tokens: { ...tokensWith(2), sealedRefreshToken: null } });
      await connections.setAside("con_1", spareWith(1), null);
      await clients.replaceSecret("cli_1", { id: "sec_1", sealed: sealedWith(300) });
      expect(await sealed.versions(TENANT)).toEqual(
        new Map([
          [1, 4],
          [2, 1],
          [300, 1],
        ]),
      );
      expect(await sealed.versions("ten_other")).toEqual(new Map());
    });

    test("of another version are found in the order of their rows, a batch at a time", async () => {
      const stage = await openWithKeys(kind);
      const { sealed } = stage;
      for (const [id, version] of [
        ["con_3", 1],
        ["con_1", 1],
        ["con_2", 2],
        ["con_4", 1],
      ] as const) {
        await stage.create(id, {}, { tokens: tokensWith(version) });
      }
      const batch = await sealed.outdated(TENANT, 2, FIRST, 2);
      expect(batch.map(({ id }) => id)).toEqual(["con_1", "con_3"]);
      expect(batch[0]?.values).toEqual([
        {
          column: "access_token",
          address: { tenantId: TENANT, recordId: "con_1", field: "access_token", generation: 1 },
          sealed: sealedWith(1, 1),
        },
        {
          column: "refresh_token",
          address: { tenantId: TENANT, recordId: "con_1", field: "refresh_token", generation: 1 },
          sealed: sealedWith(1, 2),
        },
      ]);
      const rest = await sealed.outdated(TENANT, 2, { table: "token_sets", after: "con_3" }, 2);
      expect(rest.map(({ id }) => id)).toEqual(["con_4"]);
      expect(await sealed.outdated("ten_other", 2, FIRST, 2)).toEqual([]);
    });

    test("are replaced, unless a fresher one has come", async () => {
      const stage = await openWithKeys(kind);
      const { sealed, connections } = stage;
      await stage.create("con_1", {}, { tokens: tokensWith(1) });
      await stage.create("con_2", {}, { tokens: tokensWith(1) });
      const rows = await sealed.outdated(TENANT, 2, FIRST, 10);
      const fresh = { ...commitOf("con_2", 2), tokens: tokensWith(1, 2) };
      await connections.commit(fresh, await stage.claim("con_2"));
      const again = rows.map((row) => ({
        ...row,
        values: row.values.map((value) => ({ ...value, sealed: sealedWith(2, 9) })),
      }));
      expect(await stage.replace(again)).toBe(2);
      expect((await stage.held("con_1")).tokens).toEqual({
        ...tokensWith(1),
        sealedAccessToken: sealedWith(2, 9),
        sealedRefreshToken: sealedWith(2, 9),
      });
      expect((await stage.held("con_2")).tokens).toMatchObject(tokensWith(1, 2));
    });

    test("that are written once are replaced while they are there", async () => {
      const stage = await openWithKeys(kind);
      const { sealed, clients, connections } = stage;
      await stage.create("con_1", {}, { tokens: tokensWith(2) });
      await connections.setAside("con_1", spareWith(1), null);
      await clients.replaceSecret("cli_1", { id: "sec_1", sealed: sealedWith(1) });
      await clients.change("cli_1", { dpopKey: { thumbprint: "jkt-1", sealed: sealedWith(1) } });
      const receivers = createSecurityEventReceiverStore(stage.database);
      await receivers.change("cli_1", { secrets: [["slack", { id: "sgn_1", sealed: sealedWith(1) }]] });
      const endpoint = { id: "whe_1", tenantId: TENANT, url: "https://x.example", events: null, description: "" };
      const webhooks = createWebhookStore(stage.database);
      await webhooks.create({ ...endpoint, allTenants: false }, { id: "whs_1", sealed: sealedWith(1) });
      for (const table of [
        "spare_token_sets",
        "client_secrets",
        "dpop_keys",
        "signing_secrets",
        "webhook_secrets",
      ] as const) {
        const [row, ...others] = await sealed.outdated(TENANT, 2, { table, after: null }, 10);
        if (!row) throw new Error(`Nothing is sealed in ${table}.`);
        expect(others).toEqual([]);
        const values = row.values.map((value) => ({ ...value, sealed: sealedWith(2, 5) }));
        expect(await stage.replace([{ ...row, values }])).toBe(values.length);
        expect(await stage.replace([{ ...row, id: "999", values }])).toBe(0);
        expect(await sealed.outdated(TENANT, 2, { table, after: null }, 10)).toEqual([]);
      }
      expect(await sealed.versions(TENANT)).toEqual(new Map([[2, 8]]));
      expect((await receivers.signingSecret("cli_1", "slack"))?.sealed).toEqual(sealedWith(2, 5));
      expect((await webhooks.secrets("whe_1"))[0]?.sealed).toEqual(sealedWith(2, 5));
      expect((await clients.activeSecret("cli_1"))?.sealed).toEqual(sealedWith(2, 5));
      expect((await clients.dpopKey("jkt-1"))?.sealed).toEqual(sealedWith(2, 5));
    });
  });

  describe(`retiring a key on ${kind.name}`, () => {
    test("waits until a newer one is old enough and nothing needs it; it is purged when journals are over", async () => {
      const stage = await openWithKeys(kind);
      const { keys, sealed, clock } = stage;
      expect(await keys.retire(TENANT, 1, MINUTE)).toBe("newest");
      expect(await keys.states()).toEqual({ sealing: 1, opening: 0, retired: 0 });
      await keys.addTenantKey({ tenantId: TENANT, version: 2, wrapped: Buffer.of(2), rootFingerprint: "old" });
      expect(await keys.retire(TENANT, 1, MINUTE)).toBe("newest");
      expect(await keys.states()).toEqual({ sealing: 1, opening: 1, retired: 0 });
      await clock.advance(MINUTE);
      await stage.create("con_1", {}, { tokens: tokensWith(1) });
      expect(await keys.retire(TENANT, 1, MINUTE)).toBe("in_use");
      const rows = await sealed.outdated(TENANT, 2, FIRST, 10);
      const values = (row: (typeof rows)[number]) => row.values.map((value) => ({ ...value, sealed: sealedWith(2) }));
      await stage.replace(rows.map((row) => ({ ...row, values: values(row) })));
      expect(await keys.retire(TENANT, 1, MINUTE)).toBe("retired");
      expect(await keys.states()).toEqual({ sealing: 1, opening: 0, retired: 1 });
      const retiredAt = clock.now();
      await clock.advance(DAY);
      expect(await keys.retire(TENANT, 1, MINUTE)).toBe("retired");
      const [, first] = await keys.tenantKeys(TENANT);
      expect(first).toMatchObject({ version: 1, retiredAt, wrapped: Buffer.of(1) });
      expect(await keys.retire(TENANT, 2, 0)).toBe("newest");
      expect([await keys.retire(TENANT, 3, 0), await keys.retire(TENANT, 0, 0)]).toEqual(["unknown", "unknown"]);
      expect(await keys.purge(2 * DAY)).toBe(0);
      await clock.advance(DAY + 1);
      // Something came back from a journal.
      await stage.create("con_2", {}, { tokens: tokensWith(1) });
      expect(await keys.purge(2 * DAY)).toBe(0);
      await stage.replace(
        (await sealed.outdated(TENANT, 2, FIRST, 10)).map((row) => ({ ...row, values: values(row) })),
      );
      expect(await keys.purge(2 * DAY)).toBe(1);
      expect((await keys.tenantKeys(TENANT)).map(({ version }) => version)).toEqual([0, 2]);
    });

    test("a tenant whose keys are shredded has none, and gets none", async () => {
      const { keys } = await openWithKeys(kind, 2);
      expect(await keys.shred(TENANT)).toBe(3);
      expect(await keys.tenantKeys(TENANT)).toEqual([]);
      await keys.addTenantKey({ tenantId: TENANT, version: 3, wrapped: Buffer.of(3), rootFingerprint: "old" });
      expect(await keys.tenantKeys(TENANT)).toEqual([]);
      expect(await keys.shred(TENANT)).toBe(0);
    });
  });

  describe(`a rekey on ${kind.name}`, () => {
    test("is worked on by one at a time, and goes on where the last one stopped", async () => {
      const { rekeys, clock } = await openWithKeys(kind);
      await rekeys.begin(TENANT, 2, 10);
      await rekeys.begin(TENANT, 2, 99);
      const rekey = await rekeys.claim("ins_a", MINUTE);
      const begun = { tenantId: TENANT, version: 2, done: 0, total: 10, startedAt: clock.now(), finishedAt: null };
      const atWork = { owner: "ins_a", doneBefore: 0, forMs: 0 };
      expect(rekey).toEqual({ ...begun, place: { table: "client_secrets", after: null }, atWork });
      if (!rekey) return;
      expect(await rekeys.claim("ins_b", MINUTE)).toBeNull();
      const further = { ...rekey, place: { table: "token_sets", after: "con_1" } as const };
      expect(await rekeys.advance(further, [], lease("ins_a"))).toBe(0);
      await clock.advance(MINUTE);
      const nobody = { ...further, atWork: null };
      expect(await rekeys.list()).toEqual([nobody]);
      expect(await rekeys.claim("ins_b", MINUTE)).toEqual({ ...further, atWork: { ...atWork, owner: "ins_b" } });
      expect(await rekeys.advance(further, [], lease("ins_a"))).toBeNull();
      await rekeys.finish(further, "ins_a");
      await rekeys.giveBack(TENANT, "ins_a");
      expect(await rekeys.claim("ins_c", MINUTE)).toBeNull();
      await rekeys.giveBack(TENANT, "ins_b");
      expect(await rekeys.list()).toEqual([nobody]);
      expect(await rekeys.claim("ins_c", MINUTE)).toEqual({ ...further, atWork: { ...atWork, owner: "ins_c" } });
      await rekeys.finish(further, "ins_c");
      expect(await rekeys.list()).toEqual([{ ...nobody, finishedAt: clock.now() }]);
      expect(await rekeys.claim("ins_c", MINUTE)).toBeNull();
    });

    test("stores rows and how far it is together, or nothing when somebody else has claimed it", async () => {
      const stage = await openWithKeys(kind);
      const { rekeys, sealed, clock } = stage;
      for (const id of ["con_1", "con_2"]) await stage.create(id, {}, { tokens: tokensWith(1) });
      await rekeys.begin(TENANT, 2, 4);
      const rekey = await rekeys.claim("ins_a", MINUTE);
      if (!rekey) throw new Error("Nobody had claimed it.");
      const anew = (await sealed.outdated(TENANT, 2, FIRST, 10)).map((row) => ({
        ...row,
        values: row.values.map((value) => ({ ...value, sealed: sealedWith(2, 9) })),
      }));
      const place = { table: "token_sets", after: "con_1" } as const;
      expect(await rekeys.advance({ ...rekey, place }, anew.slice(0, 1), lease("ins_a"))).toBe(2);
      expect(await rekeys.list()).toMatchObject([{ place, done: 2 }]);
      await clock.advance(MINUTE);
      const taken = await rekeys.claim("ins_b", MINUTE);
      expect(taken).toMatchObject({ place, done: 2, atWork: { forMs: 0, doneBefore: 2 } });
      await clock.advance(SECOND);
      expect(await rekeys.advance({ ...rekey, place: FIRST }, anew.slice(1), lease("ins_a"))).toBeNull();
      expect(await rekeys.list()).toMatchObject([{ place, done: 2, atWork: { forMs: SECOND } }]);
      expect(await sealed.versions(TENANT)).toEqual(
        new Map([
          [1, 2],
          [2, 2],
        ]),
      );
    });

    test("to a newer version begins anew, and the one before is over", async () => {
      const { rekeys } = await openWithKeys(kind);
      await rekeys.begin(TENANT, 2, 10);
      const older = await rekeys.claim("ins_a", MINUTE);
      if (!older) throw new Error("Nobody had claimed it.");
      await rekeys.begin(TENANT, 3, 12);
      expect(await rekeys.advance(older, [], lease("ins_a"))).toBeNull();
      await rekeys.finish(older, "ins_a");
      expect(await rekeys.claim("ins_b", MINUTE)).toMatchObject({ version: 3, done: 0, total: 12 });
    });
  });
}

function lease(owner: string) {
  return { owner, leaseMs: MINUTE };
}
