import { describe, expect, test } from "vitest";
import type { Destination, NoTurn, Pace, Priority, TurnEnd } from "../../src/refresh/pace/pace.ts";
import { createRefresher } from "../../src/refresh/refresh.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances, type EngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, fails, losesItsAnswer, takes } from "../stage/plays.ts";

/** A pace that notes who asks and how each turn ends; the next may be refused. */
function createNotingPace() {
  const asked: { key: string; to: Destination; priority: Priority; patienceMs: number }[] = [];
  const ends: TurnEnd[][] = [];
  const raised: [string, Priority][] = [];
  const refusals: NoTurn[] = [];
  const pace: Pace = {
    turn: async (key, to, priority, patienceMs) => {
      asked.push({ key, to, priority, patienceMs });
      const own: TurnEnd[] = [];
      const refusal = refusals.shift();
      if (refusal) return refusal;
      ends.push(own);
      return { kind: "turn", done: (end) => void own.push(end) };
    },
    raise: (key, priority) => void raised.push([key, priority]),
    capacities: () => new Map(),
    setShare: () => undefined,
  };
  /** Only the first end of a turn counts. */
  const counted = () => ends.map(([first]) => first);
  return { pace, asked, raised, refusals, counted };
}

async function scene() {
  const stage = await openEngineStage();
  const noted = createNotingPace();
  const refresher = createRefresher({ ...stage.ports, pace: noted.pace });
  const id = await stage.connect();
  const request = { connectionId: id, generation: 1, origin: "ahead" } as const;
  return { stage, ...noted, refresher, id, request };
}

/** What `claimDue` gives for the one connection of a stage. */
async function claimed(stage: EngineStage) {
  await stage.clock.advance(51 * MINUTE);
  const request = { owner: stage.instanceId, leaseMs: MINUTE, limit: 1, exceptClients: [] };
  const at = { monotonic: stage.clock.monotonic(), wall: stage.clock.now() };
  const [due] = await stage.connections.claimDue(request);
  if (!due) throw new Error("Nothing is due.");
  return { due, at };
}

describe("a turn is asked for", () => {
  test("at the host of the token endpoint, with the limits of the provider", async () => {
    const { stage, asked, refresher, id, request } = await scene();
    await refresher.refresh(request);
    const limits = { perSecond: 1000, concurrent: 1000 };
    const to = { host: "provider.example", clientId: stage.clientId, limits };
    expect(asked).toEqual([{ key: id, to, priority: "ahead", patienceMs: 3 * SECOND }]);
  });

  test("at the host of the refresh endpoint where there is one", async () => {
    const { stage, asked, refresher, request } = await scene();
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    await stage.catalogue.put({ ...provider, refresh_url: "https://refresh.example:8443/token" });
    await refresher.refresh(request);
    expect(asked[0]?.to.host).toBe("refresh.example:8443");
  });

  test.each(["reader", "rejected", "manual", "proof"] as const)("as a caller's for a %s", async (origin) => {
    const { asked, raised, refresher, id, request } = await scene();
    await refresher.refresh({ ...request, origin });
    expect(asked).toMatchObject([{ priority: "caller", patienceMs: 15 * SECOND }]);
    expect(raised).toEqual([[id, "caller"]]);
  });

  test("and moved forward when somebody comes to wait for it, not when the sweep does", async () => {
    const { raised, refresher, id, request } = await scene();
    await Promise.all([refresher.refresh(request), refresher.refresh(request)]);
    expect(raised).toEqual([]);
    await Promise.all([refresher.refresh(request), refresher.refresh({ ...request, origin: "reader" })]);
    expect(raised).toEqual([[id, "caller"]]);
  });
});

describe("without a turn", () => {
  const until = Date.UTC(2026, 0, 1, 3);
  const refusal: NoTurn = { kind: "no_turn", cause: "provider_rate_limited", until };

  test("nothing is claimed or sent, and whoever asked is told when to ask again", async () => {
    const { stage, refusals, refresher, request } = await scene();
    refusals.push(refusal);
    const result = { kind: "retry_later", cause: "provider_rate_limited", retryAt: until };
    await expect(refresher.refresh(request)).resolves.toEqual(result);
    expect(stage.store.calls("claim")).toBe(0);
    expect(stage.server.requests).toHaveLength(0);
  });

  test.each([
    ["until the server may answer again", "provider_unavailable", until],
    ["at once, because another instance may have room for it", "provider_rate_limited", null],
  ] as const)("what had been claimed is given back %s, and its failures are not counted", async (_, cause, dueAt) => {
    const { stage, refusals, refresher, id } = await scene();
    const before = (await stage.held(id)).lease.dueAt;
    const { due, at } = await claimed(stage);
    refusals.push({ kind: "no_turn", cause, until });
    await expect(refresher.refreshClaimed(due, at)).resolves.toEqual({ kind: "retry_later", cause, retryAt: until });
    const { lease } = await stage.held(id);
    expect(lease).toMatchObject({ owner: null, dueAt: dueAt ?? before, failures: 0, unanswered: 0 });
  });
});

describe("the end of a turn says", () => {
  test.each([
    ["that the server answered", answers(200, { access_token: "a" }), { kind: "answered" }],
    ["that it wants less", answers(429, "", 5 * SECOND), { kind: "throttled", retryAfterMs: 5 * SECOND }],
    ["that it failed", answers(503, ""), { kind: "failed" }],
    ["that it was lost", losesItsAnswer, { kind: "failed" }],
    ["that nothing was sent", fails("blocked_address", { sent: false }), { kind: "unused" }],
  ])("%s", async (_, play, end) => {
    const { stage, counted, refresher, request } = await scene();
    stage.server.script(play);
    await refresher.refresh(request);
    expect(counted()).toEqual([end]);
  });

  test("as soon as the answer is there, not only when it is stored", async () => {
    const { stage, counted, refresher, request } = await scene();
    stage.store.fail("commit", 3);
    const refresh = refresher.refresh(request);
    await stage.clock.advance(0);
    expect(counted()).toEqual([{ kind: "answered" }]);
    await stage.passing(SECOND, refresh);
  });

  test.each<[string, (stage: EngineStage) => void]>([
    ["the key is away", (stage) => void (stage.sealer.away = true)],
    ["the claim fails", (stage) => stage.store.fail("claim")],
    ["the claim fails for a reason that nobody foresaw", (stage) => stage.store.fail("claim", 1, new Error("a bug"))],
  ])("that it was not used when %s", async (_, trouble) => {
    const { stage, counted, refresher, request } = await scene();
    trouble(stage);
    await refresher.refresh(request).catch(() => undefined);
    expect(counted()).toEqual([{ kind: "unused" }]);
    expect(stage.server.requests).toHaveLength(0);
  });

  test("that it was not used when it comes after the stop", async () => {
    const stage = await openEngineStage();
    const gate = createGate();
    const { pace, counted } = createNotingPace();
    const turn: Pace["turn"] = async (...request) => gate.passed().then(() => pace.turn(...request));
    const refresher = createRefresher({ ...stage.ports, pace: { ...pace, turn } });
    const request = { connectionId: await stage.connect(), generation: 1, origin: "reader" } as const;
    const refresh = refresher.refresh(request).catch((error: unknown) => error);
    await stage.clock.advance(0);
    await refresher.drain();
    expect(await refresh).toMatchObject({ code: "shutting_down" });
    gate.open();
    await stage.clock.advance(0);
    expect(counted()).toEqual([{ kind: "unused" }]);
  });

  test("that it was not used while another instance is at it", async () => {
    const { a, b, ...stage } = await openInstances();
    const { pace, counted } = createNotingPace();
    const refresher = createRefresher({ ...b.ports, pace });
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, SECOND));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const second = refresher.refresh({ connectionId: id, generation: 1, origin: "reader" });
    await stage.passing(2 * SECOND, Promise.all([first, second]));
    expect(counted().length).toBeGreaterThan(1);
    expect(new Set(counted().map((end) => end?.kind))).toEqual(new Set(["unused"]));
  });
});
