import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 300_000 });

const CONNECTIONS = Number(process.env["DRILL"] ?? 500);
const AT_ONCE = 20;
const NEXT = "the-next-secret-of-the-drill";

/** A service with many connections in use, and readers that never rest. */
async function openFleet() {
  const stage = await openStage({ behaviour: { reuse: { kind: "revoke_family" } } });
  const ids: string[] = [];
  while (ids.length < CONNECTIONS) {
    const users = Array.from({ length: AT_ONCE }, () => "alice");
    const made = await Promise.all(users.map((user) => stage.connect(user)));
    ids.push(...made.map(({ connectionId }) => connectionId));
  }
  for (const id of ids) await stage.api("PATCH", `/v1/connections/${id}`, { policy: "eager" });
  return { stage, ids, tally: createTally(stage), readers: startReaders(stage, ids) };
}

type Fleet = Awaited<ReturnType<typeof openFleet>>;

/** Read one connection after the other until they are stopped. */
function startReaders(stage: Stage, ids: readonly string[]) {
  const failures: string[] = [];
  let reads = 0;
  const stopping = new AbortController();
  const read = async (offset: number): Promise<void> => {
    for (let next = offset; !stopping.signal.aborted; next++) {
      const answer = await stage.token(ids[(next * 7) % ids.length] ?? "");
      reads++;
      if (answer.status !== 200) failures.push(answer.text);
      await sleep(5);
    }
  };
  const running = Promise.allSettled([0, 125, 250, 375].map(read));
  const stop = async () => {
    stopping.abort();
    await running;
    return { reads, failures };
  };
  return { stop };
}

async function secretsOf({ api, clientId }: Stage): Promise<{ state: string }[]> {
  const { body } = await api("GET", `/v1/clients/${clientId}/secrets`);
  const secrets: { state: string }[] = Reflect.get(body ?? {}, "secrets");
  return secrets.toSorted((a, b) => a.state.localeCompare(b.state));
}

/** How often each event was logged so far; lines are looked at once. */
function createTally({ log }: Stage): (event: string) => number {
  const counts = new Map<string, number>();
  let seen = 0;
  return (event) => {
    for (; seen < log.length; seen++) {
      const name = /"event":"([^"]+)"/.exec(log[seen] ?? "")?.[1] ?? "";
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts.get(event) ?? 0;
  };
}

/** Everything is due within minutes of each other, ten minutes ahead of its end. */
async function letAllRefresh({ stage, tally }: Fleet, refreshes: number): Promise<void> {
  await stage.clock.leap(43 * MINUTE);
  for (let minute = 0; minute < 7; minute++) {
    await sleep(50);
    await stage.clock.leap(MINUTE);
  }
  const done = async () => {
    await stage.clock.advance(SECOND);
    return tally("refresh.succeeded");
  };
  await expect.poll(done, { timeout: 120_000, interval: 20 }).toBeGreaterThanOrEqual(refreshes);
}

async function expectNobodyNoticed({ stage, tally, readers }: Fleet): Promise<void> {
  const { reads, failures } = await readers.stop();
  expect(failures).toEqual([]);
  expect(reads).toBeGreaterThan(100);
  for (const event of ["client.suspended", "connection.reauthorization_required", "connection.degraded"]) {
    expect([event, tally(event)]).toEqual([event, 0]);
  }
  expect(stage.sandbox.control.counts().reuseDetected).toBe(0);
}

test("five hundred connections in use lose no read to a new secret that is wrong, nor to the end of the old one", async () => {
  const fleet = await openFleet();
  const { stage, ids, tally } = fleet;
  await tryAWrongOne(fleet);
  await letAllRefresh(fleet, ids.length);
  expect(await secretsOf(stage)).toMatchObject([
    { state: "active" },
    { state: "staged", proven_count: 0, promotes_itself: false, refusal: { code: "invalid_client" } },
  ]);
  expect(tally("client.secret_refused")).toBe(1);
  const client = await stage.api("GET", `/v1/clients/${stage.clientId}`);
  expect(client.body).toMatchObject({ status: "active", warnings: [{ code: "secret_refused" }] });

  const killed = killTheOldOne(fleet);
  await letAllRefresh(fleet, 2 * ids.length);
  await killed;
  expect((await secretsOf(stage)).map(({ state }) => state)).toEqual(["active", "retired", "retired"]);
  await letAllRefresh(fleet, 3 * ids.length);
  await expectNobodyNoticed(fleet);
});

async function tryAWrongOne({ stage }: Fleet): Promise<void> {
  const body = { client_secret: "mistyped", promote: "when_proven" };
  const staged = await stage.api("POST", `/v1/clients/${stage.clientId}/secrets`, body);
  expect(staged.body).toMatchObject({ state: "staged" });
}

/** The provider takes both until the new one is promoted here, and from that moment on the new one only. */
async function killTheOldOne({ stage, tally }: Fleet): Promise<void> {
  const { control } = stage.sandbox;
  await control.addClientSecret("evergrant", NEXT);
  const body = { client_secret: NEXT, promote: "when_proven" };
  expect((await stage.api("POST", `/v1/clients/${stage.clientId}/secrets`, body)).status).toBe(201);
  await vi.waitUntil(() => tally("client.secret_promoted") > 0, { timeout: 200_000, interval: 1 });
  await control.rotateClientSecret("evergrant", NEXT);
}
