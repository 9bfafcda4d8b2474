import { expect, test } from "vitest";
import { problemOf } from "../../src/api/problem.ts";
import { disconnect } from "../../src/connect/disconnect.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createTenantStore } from "../../src/store/tenants.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, fails, losesItsAnswer, waitsFor } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";
import { expectEnded, expectHealthy, sentTo } from "./outcome.ts";

// One instance has the row as a backup or a missed resync left it; the newer token is only in the journal of another.
test("invalid-grant-on-stale-copy-quarantines-live-account: a rejection of an old token says nothing about the newest that is known", async () => {
  const { a, b, ...stage } = await openInstances({ sameHost: true });
  const id = await stage.connect();
  const restore = await stage.remember();
  await a.refresh(id);
  await restore();
  await expect(stage.passing(SECOND, b.refresh(id, { generation: 1 }))).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  expect(b.observer.of("connection.reauthorization_required")).toEqual([]);
  await expectHealthy(stage, id);
  await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 3, refreshToken: "refresh-1-3" });
});

/** What the API answers to such a failure. */
async function problemHeard(call: Promise<unknown>) {
  const error = await call.catch((thrown: unknown) => thrown);
  return error instanceof ServiceError ? problemOf(error) : error;
}

test("nango-lock-timeout-reported-as-bad-credentials: another's long refresh and a database that is away are 503, not the user's", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  const gate = createGate();
  stage.server.script(waitsFor(gate));
  const long = a.refresh(id);
  await stage.clock.advance(0);
  const busy = await stage.passing(16 * SECOND, problemHeard(b.read(id)));
  const ours = { status: 503, retry_after: expect.any(Number), reauthorization_url: undefined };
  expect(busy).toMatchObject({ ...ours, code: "refresh_timeout" });
  b.link.state = "down";
  const away = await stage.passing(6 * SECOND, problemHeard(b.read(id)));
  expect(away).toMatchObject({ ...ours, code: "store_unavailable" });
  expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
  expect(await stage.historyOf(id)).toEqual(["connected"]);
  const told = [...a.observer.events, ...b.observer.events].map(({ name }) => name);
  expect(told.filter((name) => name.startsWith("connection."))).toEqual([]);

  b.link.state = "up";
  gate.open();
  await stage.passing(SECOND, long);
  await expect(stage.passing(SECOND, b.read(id))).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  await expectHealthy(stage, id);
});

test("transient-failure-revokes-all-sessions: no failed refresh leads to a revocation, and a person's disconnect to one", async () => {
  const entry = builtInEntry("xero");
  const stage = await openEngineStage({ entry, server: { reuse: { windowMs: 30 * MINUTE } } });
  const id = await stage.connect();
  const failures = [
    answers(503, ""),
    answers(429, "", MINUTE),
    answers(401, "<html>who are you?</html>"),
    answers(401, { error: "invalid_client" }),
    fails("timeout", { sent: true }),
    fails("dns", { sent: false }),
    losesItsAnswer,
  ];
  for (const failure of failures) {
    stage.server.script(failure);
    await expect(stage.refresh(id)).resolves.not.toEqual({ kind: "renewed" });
    await stage.clock.leap(6 * MINUTE);
  }
  stage.server.revoke("refresh-1-1");
  await expect(stage.passing(MINUTE, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
  await expectEnded(stage, id, {});
  const urls = () => new Set(stage.server.requests.map(({ url }) => url));
  expect(stage.server.requests.length).toBeGreaterThan(failures.length);
  expect(urls()).toEqual(new Set([entry.provider.token_url]));

  const key = secret(new Uint8Array(32));
  const { sessions, refresher } = stage;
  const addresses = { tenants: createTenantStore(stage.database), addressOfTenant: () => "https://evergrant.example" };
  const moves = { destinationOf: async () => null };
  const ports = { ...stage.ports, ...addresses, sessions, moves, refresher, linkKey: key, seedKey: key };
  await disconnect(ports, { tenantId: TENANT, connectionId: id });
  expect(urls()).toEqual(new Set([entry.provider.token_url, entry.provider.revocation_url]));
});
