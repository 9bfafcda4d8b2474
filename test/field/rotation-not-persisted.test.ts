import { sql } from "kysely";
import { expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answer, answers, rejectsWith } from "../stage/plays.ts";
import { distinct, expectHealthy, expectNoReuse, sentTo } from "./outcome.ts";

// A test run of a connector, with a store that cannot be written, stands before a token that counts once.
test("connector-builder-silences-token-update: with a read-only database nothing is sent, and the caller hears why", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  const readOnly = (on: 0 | 1) =>
    stage.database.read((queries) => sql`pragma query_only = ${sql.lit(on)}`.execute(queries));
  await readOnly(1);
  await expect(stage.read(id)).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(stage.refresh(id, { origin: "manual" })).rejects.toMatchObject({ code: "store_unavailable" });
  expect(stage.server.requests).toHaveLength(0);
  await readOnly(0);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2 });
  await expectHealthy(stage, id);
});

// A job names its connection and what it found wanting; it carries no token.
test("gitlab-old-refresh-token-used-after-rotation: a job from before a rotation uses what is stored when it runs", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  stage.server.always(rejectsWith(400, { error: "invalid_grant" }));
  const id = await stage.connect();
  const { tokens } = await stage.held(id);
  const job = { connectionId: id, generation: tokens.generation, origin: "manual" } as const;
  await stage.refresh(id);
  await expect(stage.refresher.refresh(job)).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  await stage.clock.leap(HOUR);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 3 });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-2"]);
  await expectHealthy(stage, id);
});

test("google-tokens-event-fire-and-forget: readers wait for a slow write, and a success ends what a failure left", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  const gate = createGate();
  stage.store.hold("commit", gate);
  const settled: string[] = [];
  const note = <T>(name: string, read: Promise<T>) => read.finally(() => settled.push(name));
  const first = note("first", stage.read(id));
  await stage.clock.advance(SECOND);
  const second = note("second", stage.read(id));
  await stage.clock.advance(2 * SECOND);
  expect(settled).toEqual([]);
  gate.open();
  expect(distinct(await Promise.all([first, second]))).toEqual(["access-1-2"]);
  expect(stage.server.requests).toHaveLength(1);

  stage.server.always(answers(503, ""));
  for (let failure = 0; failure < 3; failure++) {
    await stage.refresh(id);
    await stage.clock.leap(5 * MINUTE);
  }
  expect((await stage.held(id)).connection).toMatchObject({ status: "degraded" });
  stage.server.always(null);
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, id);
  expect(stage.observer.of("connection.recovered")).toEqual([{ connectionId: id, was: "degraded" }]);
});

// Each answer brings another refresh token; an old one goes on working until ninety days after it was issued.
test("onedrive-new-refresh-token-must-replace-old: half a year of daily use sends the newest token each time", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const issuedAt = new Map([["refresh-1-1", stage.clock.now()]]);
  stage.server.always(() => {
    const sent = sentTo(stage.server).at(-1) ?? "";
    const age = stage.clock.now() - (issuedAt.get(sent) ?? 0);
    if (age > 90 * DAY) return answer(400, { error: "invalid_grant" });
    const next = `newer-${issuedAt.size}`;
    issuedAt.set(next, stage.clock.now());
    return answer(200, { access_token: `access-${next}`, refresh_token: next, expires_in: 3600 });
  });
  for (let day = 0; day < 180; day++) {
    await stage.clock.leap(DAY);
    await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "ok" });
  }
  expect(sentTo(stage.server)).toEqual([...issuedAt.keys()].slice(0, -1));
  expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
});

test("persist-failure-non-fatal: a minute without a database loses nothing, and no replica sends the old token", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.script((act) => {
    a.link.state = "down";
    return act();
  });
  // The token is safe in the journal, so the caller has it; the database still has the old one.
  const token = await stage.passing(SECOND, a.read(id));
  expect(token.accessToken.reveal()).toBe("access-1-2");
  expect(a.journal.unsettled()).toHaveLength(1);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 1 });
  const replica: Promise<unknown>[] = [];
  for (let tenSeconds = 0; tenSeconds < 6; tenSeconds++) {
    replica.push(b.read(id).catch((error: unknown) => error));
    await stage.clock.advance(10 * SECOND);
    expect(distinct([await a.read(id)])).toEqual(["access-1-2"]);
  }
  expect(a.observer.of("refresh.commit_retried").length).toBeGreaterThan(10);
  expect(stage.server.requests).toHaveLength(1);
  a.link.state = "up";
  await stage.clock.advance(6 * SECOND);
  expect(await stage.tokensOf(id)).toEqual({ generation: 2, accessToken: "access-1-2", refreshToken: "refresh-1-2" });
  expect(distinct([await b.read(id)])).toEqual(["access-1-2"]);
  // Meanwhile the replica had nothing to give, and did not give what was over.
  for (const heard of await stage.passing(15 * SECOND, Promise.all(replica))) {
    expect(heard).toMatchObject({ code: "provider_unavailable" });
  }
  expectNoReuse(stage.server);
  await expectHealthy(stage, id);
});

/** The refresh token of a day. */
function valueOf(day: number): string {
  return day === 0 ? "refresh-1-1" : `refresh-of-day-${day}`;
}

// The value changes once a day, and the one before it is dead a day later.
test("quickbooks-rotates-value-once-per-24h: the value that came last is stored, however often it was the same", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const start = stage.clock.now();
  const today = () => Math.floor((stage.clock.now() - start) / DAY);
  stage.server.always(() => {
    const day = today();
    const sent = sentTo(stage.server).at(-1) ?? "";
    if (![valueOf(day), valueOf(day - 1)].includes(sent)) return answer(400, { error: "invalid_grant" });
    return answer(200, { access_token: "access", refresh_token: valueOf(day), expires_in: 3600 });
  });
  for (let hour = 1; hour <= 3 * 24; hour++) {
    await stage.clock.leap(HOUR);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: hour + 1 });
  }
  expect([...new Set(sentTo(stage.server))]).toEqual([valueOf(0), valueOf(1), valueOf(2)]);
  expect((await stage.tokensOf(id)).refreshToken).toBe(valueOf(3));
  // Which of the seventy-two answers replaced it can be seen afterwards.
  const rotations = stage.observer.of("refresh.succeeded").filter(({ rotated }) => rotated);
  expect(rotations.map(({ generation }) => generation)).toEqual([25, 49, 73]);
  expect((await stage.held(id)).tokens.rotatedAt).toBe(start + 3 * DAY);
});

test("refresh-succeeds-but-old-token-returned-to-caller: every way to a token leads to the one issued last", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  const lastIssued = () => `access-1-${stage.server.requests.length + 1}`;
  const given = async () => distinct([await stage.read(id)]);
  expect(await given()).toEqual(["access-1-1"]);
  for (let round = 0; round < 2; round++) {
    await stage.refresh(id);
    expect(await given()).toEqual([lastIssued()]);
  }
  expect(distinct([await stage.rejected(id, 3)])).toEqual(["access-1-4"]);
  expect(await given()).toEqual([lastIssued()]);
  await stage.clock.leap(HOUR);
  expect(await given()).toEqual(["access-1-5"]);
  expect((await stage.tokensOf(id)).accessToken).toBe(lastIssued());
  expectNoReuse(stage.server);
});

// The catalogue says that this provider never replaces refresh tokens. From one day on it does.
test("salesforce-enforces-rotation-from-may-2026: a new refresh token is adopted whatever the entry says", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  const body = '{\n  "error": "invalid_grant",\n  "error_description": "expired access/refresh token"\n}';
  stage.server.always(rejectsWith(400, body));
  const id = await stage.connect();
  await stage.refresh(id);
  stage.server.behaviour = { ...stage.server.behaviour, rotation: true, reuse: "punished" };
  for (let run = 0; run < 3; run++) await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1", "refresh-1-2", "refresh-1-3"]);
  expect(stage.server.reuses()).toBe(0);
  await expectHealthy(stage, id);
});

test("xero-refresh-token-field-not-updated: three expiries in a row are refreshed with three different tokens", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  stage.server.always(rejectsWith(400, { error: "invalid_grant" }));
  const id = await stage.connect();
  for (let expiry = 1; expiry <= 3; expiry++) {
    await stage.clock.leap(HOUR);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: expiry + 1, refreshState: "ok" });
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-2", "refresh-1-3"]);
  await expectHealthy(stage, id);
});
