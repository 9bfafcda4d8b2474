import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { SECOND } from "../../src/runtime/clock.ts";
import { TENANT } from "../stage/world.ts";
import { connectMany, LONG, openRekeyStage } from "./rekey-stage.ts";

test("a thread that ends in the middle of a batch fails the batch alone: it is done again later", async () => {
  const stage = await openRekeyStage();
  const ids = await connectMany(stage, 250);
  const version = await stage.begin();
  let ended = 0;
  const reseal: typeof stage.keyring.reseal = async (tenantId, values) => {
    if (values.length < 200 || ended++ > 0) return stage.keyring.reseal(tenantId, values);
    await stage.keyring.rest();
    const batch = stage.keyring.reseal(tenantId, values);
    const [result] = await Promise.all([batch, nextTurn().then(() => stage.keyring.rest())]);
    return result;
  };
  stage.instance("ins_a", { keyring: { ...stage.keyring, reseal } }).start();
  await expect.poll(() => stage.observer.of("rekey.failed"), LONG).toEqual([{ code: "internal" }]);
  expect((await stage.rekeys.list())[0]).toMatchObject({ done: 1, finishedAt: null });
  const finishedAt = async () => {
    await stage.clock.advance(5 * SECOND);
    return (await stage.rekeys.list())[0]?.finishedAt;
  };
  await expect.poll(finishedAt, LONG).not.toBeNull();
  expect(await stage.sealed.versions(TENANT)).toEqual(new Map([[version, 2 * ids.length + 1]]));
  expect(stage.observer.of("rekey.failed")).toHaveLength(1);
  expect(stage.server.accepts((await stage.tokensOf(ids[0] ?? "")).refreshToken ?? "")).toBe(true);
});

test("what is read ahead is stored in its order, each row once, and never over what changed in between", async () => {
  const stage = await openRekeyStage();
  const ids = await connectMany(stage, 650);
  await stage.begin();
  const order = ids.toSorted();
  const changed = new Set<string>();
  const [read, stored, counts]: [string[], string[], number[]] = [[], [], []];
  const outdated: typeof stage.sealed.outdated = async (...what) => {
    const rows = await stage.sealed.outdated(...what);
    if (what[2].table === "token_sets") read.push(...rows.map(({ id }) => id));
    return rows;
  };
  const advance: typeof stage.rekeys.advance = async (rekey, rows, lease) => {
    const tokens = rows.filter(({ table }) => table === "token_sets").map(({ id }) => id);
    stored.push(...tokens);
    if (tokens.length === 0) return stage.rekeys.advance(rekey, rows, lease);
    // The next batch comes before this one is stored. One row changes in each.
    while (read.length < Math.min(order.length, stored.length + 200)) await nextTurn();
    for (const id of [tokens[1], order[stored.length]]) {
      if (id === undefined) continue;
      await stage.refresh(id);
      changed.add(id);
    }
    const replaced = await stage.rekeys.advance(rekey, rows, lease);
    counts.push(replaced ?? 0);
    return replaced;
  };
  const changes = { sealed: { ...stage.sealed, outdated }, rekeys: { ...stage.rekeys, advance } };
  stage.instance("ins_a", changes).start();
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  expect(stored).toEqual(order);
  expect(read).toEqual(order);
  expect(counts).toEqual([398, 396, 396, 96]);
  expect(changed.size).toBe(7);
  for (const [index, id] of ids.entries()) {
    const { refreshToken = "" } = await stage.tokensOf(id);
    const newest = `refresh-${index + 1}-${changed.has(id) ? 2 : 1}`;
    expect([refreshToken, stage.server.accepts(refreshToken)]).toEqual([newest, true]);
  }
});

test("a row that cannot be opened is told and left, and those around it are sealed anew", async () => {
  const stage = await openRekeyStage();
  const ids = await connectMany(stage, 5);
  const [damaged = ""] = ids.slice(2);
  const { sealedRefreshToken } = (await stage.held(damaged)).tokens;
  const bytes = Buffer.from(sealedRefreshToken ?? []);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await stage.database.write((queries) =>
    queries.updateTable("token_sets").set({ refresh_token: bytes }).where("connection_id", "=", damaged).execute(),
  );
  const version = await stage.begin();
  stage.instance("ins_a").start();
  await stage.clock.advance(10 * SECOND);
  await expect.poll(async () => (await stage.rekeys.list())[0]?.finishedAt, LONG).not.toBeNull();
  expect(await stage.sealed.versions(TENANT)).toEqual(
    new Map([
      [1, 2],
      [version, 2 * ids.length - 1],
    ]),
  );
  expect(stage.observer.of("rekey.failed")).toContainEqual({ code: "key_unavailable" });
  expect(Buffer.from((await stage.held(damaged)).tokens.sealedRefreshToken ?? []).equals(bytes)).toBe(true);
});
