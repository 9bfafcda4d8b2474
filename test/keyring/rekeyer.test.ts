import { expect, test } from "vitest";
import { recordKeyVersion } from "../../src/keyring/record.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { TENANT } from "../stage/world.ts";
import { connectMany, LONG, openRekeyStage } from "./rekey-stage.ts";

test("everything that a tenant has is sealed with the newest key, and still opens", async () => {
  const stage = await openRekeyStage();
  const ids = await connectMany(stage, 450);
  const before = await stage.sealed.versions(TENANT);
  const version = await stage.begin();
  stage.instance("ins_a").start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).toBe(stage.clock.now());
  expect(before).toEqual(new Map([[1, 2 * ids.length + 1]]));
  expect(await stage.sealed.versions(TENANT)).toEqual(new Map([[version, 2 * ids.length + 1]]));
  expect((await stage.rekeys.list())[0]).toMatchObject({ done: 2 * ids.length + 1 });
  expect(stage.observer.of("rekey.finished")).toMatchObject([{ tenantId: TENANT, version, left: 0 }]);
  for (const [index, id] of ids.entries()) {
    expect(await stage.tokensOf(id)).toMatchObject({ refreshToken: `refresh-${index + 1}-1` });
  }
});

test("refreshes go on meanwhile, and what they bring is never overwritten", async () => {
  const stage = await openRekeyStage();
  const ids = await connectMany(stage, 60);
  await stage.begin();
  let refreshed = 0;
  // In the middle of each batch: between what was read and what is written.
  const reseal: typeof stage.keyring.reseal = async (...what) => {
    for (const id of ids.slice(refreshed, refreshed + 5)) await stage.refresh(id);
    refreshed += 5;
    return stage.keyring.reseal(...what);
  };
  stage.instance("ins_a", { keyring: { ...stage.keyring, reseal } }).start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  expect(refreshed).toBeGreaterThan(0);
  for (const [index, id] of ids.entries()) {
    const { refreshToken = "" } = await stage.tokensOf(id);
    expect([refreshToken, stage.server.accepts(refreshToken)]).toEqual([
      `refresh-${index + 1}-${index < refreshed ? 2 : 1}`,
      true,
    ]);
  }
  expect(stage.server.reuses()).toBe(0);
});

test("one that stops in the middle is taken up by another instance, with the next batch", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 250);
  const version = await stage.begin();
  const dying = stage.instance("ins_a", {
    rekeys: { ...stage.rekeys, advance: () => Promise.reject(new Error("killed")) },
  });
  dying.start();
  await expect.poll(() => stage.observer.of("rekey.failed").length, LONG).toBe(1);
  expect(await stage.rekeys.claim("ins_b", MINUTE)).toBeNull();
  await dying.stop();
  stage.instance("ins_b").start();
  await stage.clock.advance(MINUTE + 5 * SECOND);
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  expect([...(await stage.sealed.versions(TENANT)).keys()]).toEqual([version]);
});

test("one whose process has provably ended is taken up at once", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 5);
  await stage.begin();
  await stage.rekeys.claim("ins_a", MINUTE);
  stage.instance("ins_b", { isGone: (instanceId) => instanceId === "ins_a" }).start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).toBe(stage.clock.now());
});

test("a graceful stop lets another go on at once", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 250);
  await stage.begin();
  const reseal: typeof stage.keyring.reseal = async (tenantId, values) => {
    if (values.length > 200) void first.stop();
    return stage.keyring.reseal(tenantId, values);
  };
  const first = stage.instance("ins_a", { keyring: { ...stage.keyring, reseal } });
  first.start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.done, LONG).toBeGreaterThan(200);
  await first.stop();
  expect((await stage.rekeys.list())[0]).toMatchObject({ done: 401, finishedAt: null });
  stage.instance("ins_b").start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).toBe(stage.clock.now());
});

test("what somebody stored with the older key while it went on is found in another round", async () => {
  const stage = await openRekeyStage();
  const [id = "", late = ""] = await connectMany(stage, 2);
  const old = (await stage.held(late)).tokens;
  const version = await stage.begin();
  let rounds = 0;
  const outdated: typeof stage.sealed.outdated = async (...what) => {
    const rows = await stage.sealed.outdated(...what);
    if (what[2].table === "token_sets" && rows.length === 0 && rounds++ === 0) {
      // An instance that had not heard of the newer version.
      const record = { ...old, generation: 1, refreshTokenName: "late" };
      await stage.connections.setAside(id, record, null);
    }
    return rows;
  };
  stage.instance("ins_a", { sealed: { ...stage.sealed, outdated } }).start();
  await stage.clock.advance(10 * SECOND);
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  expect(rounds).toBeGreaterThan(0);
  // It was sealed for another place: what cannot be opened is left as it is, and said.
  expect(stage.observer.of("rekey.finished")).toMatchObject([{ version, left: 1 }]);
  expect(stage.observer.of("rekey.failed")).toContainEqual({ code: "key_unavailable" });
});

test("a token set that was sealed anew is known by its name when it comes from a journal", async () => {
  const stage = await openRekeyStage();
  const [id = ""] = await connectMany(stage, 1);
  await stage.refresh(id);
  const journaled = (await stage.held(id)).tokens;
  await stage.begin();
  stage.instance("ins_a").start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  const now = (await stage.held(id)).tokens;
  expect(recordKeyVersion(now.sealedRefreshToken ?? new Uint8Array())).toBe(2);
  const again = { connectionId: id, tokens: journaled, dueAt: stage.clock.now() + HOUR, history: [] };
  expect(await stage.connections.recover(again)).toEqual({ kind: "superseded" });
  await stage.connections.setAside(id, journaled, null);
  expect(await stage.connections.spares(id)).toEqual([]);
  expect((await stage.held(id)).tokens).toEqual(now);
});

test("a retired key is deleted when no journal can hold what it has sealed", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 1);
  await stage.begin();
  stage.instance("ins_a").start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  const keys = createKeyStore(stage.database, () => "instance");
  await stage.clock.leap(MINUTE);
  expect(await keys.retire(TENANT, 1, MINUTE)).toBe("retired");
  await stage.clock.leap(8 * DAY);
  expect((await keys.tenantKeys(TENANT)).map(({ version }) => version)).toEqual([0, 1, 2]);
  await stage.clock.leap(HOUR + 5 * SECOND);
  await expect.poll(() => stage.observer.of("key.purged"), LONG).toEqual([{ deleted: 1 }]);
  expect((await keys.tenantKeys(TENANT)).map(({ version }) => version)).toEqual([0, 2]);
});

test("no more is sealed anew than the rate allows, in pieces of a tenth of a second", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 100);
  await stage.begin();
  const pieces: number[] = [];
  const advance: typeof stage.rekeys.advance = async (rekey, rows, lease) => {
    if (rows.length > 0) pieces.push(rows.length);
    return stage.rekeys.advance(rekey, rows, lease);
  };
  const startedAt = stage.clock.now();
  stage.instance("ins_a", { valuesPerSecond: 100, rekeys: { ...stage.rekeys, advance } }).start();
  const done = async () => (await stage.rekeys.list())[0]?.done;
  await expect.poll(done, LONG).toBe(11);
  // In steps, each as long as the thread needs: it knows nothing of this clock.
  for (let tenth = 1; tenth <= 10; tenth++) {
    await stage.clock.advance(SECOND / 10);
    await expect.poll(done, LONG).toBeGreaterThan(10 * tenth);
  }
  expect(await done()).toBeLessThanOrEqual(111);
  const finishedAt = async () => {
    await stage.clock.advance(SECOND / 10);
    return (await stage.rekeys.list())[0]?.finishedAt ?? 0;
  };
  await expect.poll(finishedAt, { ...LONG, interval: 1 }).toBeGreaterThan(startedAt + 1900);
  expect(Math.max(...pieces)).toBe(5);
});

test("an instance that is stopped while it waits for its turn gives the rekey back at once", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 10);
  await stage.begin();
  const slow = stage.instance("ins_a", { valuesPerSecond: 1 });
  slow.start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.done, LONG).toBeGreaterThan(0);
  await slow.stop();
  expect(await stage.rekeys.claim("ins_b", MINUTE)).toMatchObject({ finishedAt: null });
});

test("a rekey of a tenant whose keys were shredded meanwhile comes to its end, and says what is left", async () => {
  const stage = await openRekeyStage();
  await connectMany(stage, 2);
  const version = await stage.begin();
  await createKeyStore(stage.database, () => "instance").shred(TENANT);
  stage.keyring.forget(TENANT);
  stage.instance("ins_a").start();
  await expect.poll(() => stage.observer.of("rekey.finished"), LONG).toMatchObject([{ version, values: 0, left: 1 }]);
  expect(stage.observer.of("rekey.failed")).toContainEqual({ code: "key_unavailable" });
});
