import { describe, expect, test, vi } from "vitest";
import { providerSchema } from "../../src/provider/provider.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { answers } from "../stage/plays.ts";
import { openIncidentStage, type IncidentStage } from "./incident-stage.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

const REJECTED = answers(400, { error: "invalid_grant" });
const ASKED = "connection.reauthorization_required";

/** So many connections, all of which fall due while the provider rejects everything. */
async function inBadHour(count: number, lasting: number): Promise<{ stage: IncidentStage; ids: string[] }> {
  const stage = await openIncidentStage();
  const ids = await Promise.all(Array.from({ length: count }, () => stage.connect()));
  stage.server.always(REJECTED);
  stage.sweep.start();
  await Promise.all(ids.map((id) => stage.refresh(id)));
  await stage.clock.advance(lasting);
  stage.server.always(null);
  return { stage, ids };
}

describe("a provider's bad hour", () => {
  test("ends no more connections than the brake tolerates, asks nobody, and all heal", async () => {
    const { stage, ids } = await inBadHour(60, 5 * MINUTE);
    expect(await stage.statuses(ids)).toEqual({ reauthorization_required: 20, degraded: 40 });
    expect(await stage.all()).toMatchObject([
      { kind: "rejections", state: "open", verdict: "undecided", affected: 60 },
    ]);
    await stage.clock.advance(12 * MINUTE);
    expect(await stage.statuses(ids)).toEqual({ active: 60 });
    expect(await stage.all()).toMatchObject([
      { kind: "rejections", state: "resolved", verdict: "bad_hour", affected: 60, recovered: 60 },
    ]);
    expect((await stage.toldTypes()).filter((type) => !/created|incident/.test(type))).toEqual([]);
    expect(stage.observer.of("connection.reprieved")).toHaveLength(20);
  });

  test("is found out about by one of a few connections, and all of them heal", async () => {
    const { stage, ids } = await inBadHour(4, 5 * MINUTE);
    expect(await stage.statuses(ids)).toEqual({ reauthorization_required: 4 });
    await stage.clock.advance(10 * MINUTE);
    expect(await stage.statuses(ids)).toEqual({ active: 4 });
    expect(await stage.all()).toMatchObject([{ state: "resolved", verdict: "bad_hour", recovered: 4 }]);
    expect((await stage.toldTypes()).filter((type) => !/created|incident/.test(type))).toEqual([]);
    expect(stage.server.requests).toHaveLength(8);
  });

  test("that is none costs one request more, and then everybody is told once", async () => {
    const { stage, ids } = await inBadHour(4, 0);
    stage.server.always(REJECTED);
    await stage.clock.advance(MINUTE + 5 * SECOND);
    expect(await stage.toldTypes()).not.toContain(ASKED);
    await stage.clock.advance(7 * MINUTE);
    await stage.clock.leap(2 * HOUR);
    await stage.clock.advance(5 * SECOND);
    expect(stage.server.requests).toHaveLength(5);
    expect(await stage.statuses(ids)).toEqual({ reauthorization_required: 4 });
    const asked = (await stage.told()).filter(({ type }) => type === ASKED);
    expect(asked).toHaveLength(4);
    expect(new Set(asked.map(({ connectionId }) => connectionId))).toEqual(new Set(ids));
    const [incident] = await stage.all();
    expect(incident).toMatchObject({ state: "open", verdict: "meant", affected: 4, recovered: 0 });
    expect(new Set(asked.map(({ incidentId }) => incidentId))).toEqual(new Set([incident?.id]));
  });

  test("that begins anew just then: each is tried once more and not again, and told once", async () => {
    const { stage, ids } = await inBadHour(60, 5 * MINUTE);
    while (stage.observer.of("connection.reprieved").length === 0) await stage.clock.advance(SECOND);
    stage.server.always(REJECTED);
    await stage.clock.advance(2 * MINUTE);
    for (let hours = 0; hours < 3; hours++) {
      await stage.clock.leap(HOUR);
      await stage.clock.advance(MINUTE + 10 * SECOND);
    }
    const { active = 0, reauthorization_required: ended = 0 } = await stage.statuses(ids);
    expect(active + ended).toBe(60);
    expect(ended).toBeGreaterThan(0);
    for (const { connectionId } of stage.observer.of("connection.reprieved")) {
      const kinds = await stage.historyOf(String(connectionId));
      expect(kinds.filter((kind) => kind === "reprieved")).toHaveLength(1);
    }
    const asked = (await stage.told()).filter(({ type }) => type === ASKED);
    expect(new Set(asked.map(({ connectionId }) => connectionId)).size).toBe(asked.length);
    expect(asked.length).toBe(ended);
  });

  test("is not waited for where the provider says for certain why", async () => {
    const stage = await openIncidentStage({ server: { rotation: false } });
    const entry = await stage.catalogue.find("provider");
    const rule = { match: { code: ["policy"] }, meaning: "An administrator.", outcome: "rejected" };
    const rules = [{ ...rule, cause: "revoked_by_admin", confidence: "certain" }];
    await stage.catalogue.put(providerSchema.parse({ ...entry, failure_rules: rules }));
    const ids = await Promise.all(Array.from({ length: 40 }, () => stage.connect()));
    stage.server.always(answers(400, { error: "policy" }));
    await stage.passing(3 * SECOND, Promise.all(ids.map((id) => stage.refresh(id))));
    expect(await stage.statuses(ids)).toEqual({ reauthorization_required: 40 });
    await stage.clock.advance(MINUTE + 5 * SECOND);
    expect((await stage.toldTypes()).filter((type) => type === ASKED)).toHaveLength(40);
    expect(await stage.all()).toMatchObject([{ verdict: "meant", cause: "revoked_by_admin", affected: 40 }]);
  });
});
