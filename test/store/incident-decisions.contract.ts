import { describe, expect, test } from "vitest";
import { LONGEST_INQUIRY, TRY_AFTER } from "../../src/incident/decide.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf } from "../stage/store-stage.ts";
import { openIncidentStage, openWithIncident, REJECTED } from "./incident-stage.ts";

const ASKED = "connection.reauthorization_required";

/** What every database has to make of the question whether a provider means it. */
export function incidentDecisionsContract(kind: DatabaseKind): void {
  describe(`while an incident is not decided on ${kind.name}`, () => {
    test("nobody in it is asked to act, and everybody is told in the end", async () => {
      const stage = await openWithIncident(kind);
      await stage.clock.advance(HOUR);
      expect(await stage.told()).not.toContain(ASKED);
      await stage.clock.advance(LONGEST_INQUIRY - HOUR);
      expect((await stage.look()).decided).toEqual([{ id: "inc_1", verdict: "meant" }]);
      expect((await stage.told()).filter((type) => type === ASKED)).toHaveLength(3);
    });

    test("what the provider says for certain is told as usual", async () => {
      const stage = await openIncidentStage(kind);
      const certain = { ...REJECTED, confidence: "certain", cause: "revoked_by_admin" } as const;
      for (const id of ["con_1", "con_2", "con_3"]) await stage.reject(id, { diagnosis: certain });
      await stage.look();
      expect(await stage.all()).toMatchObject([{ verdict: "meant" }]);
      await stage.clock.advance(MINUTE);
      expect((await stage.told()).filter((type) => type === ASKED)).toHaveLength(3);
      expect(await stage.incidents.reprieve(10)).toEqual([]);
    });

    test("a refresh of what was held ends it: those that had ended are tried once more, in the order of ids", async () => {
      const stage = await openWithIncident(kind);
      await stage.reject("con_4", { isHeld: true });
      await stage.look();
      expect(await stage.incidents.reprieve(10)).toEqual([]);
      await stage.heal("con_4");
      expect((await stage.look()).decided).toEqual([{ id: "inc_1", verdict: "bad_hour" }]);
      expect(await stage.incidents.reprieve(2)).toEqual(["con_1", "con_2"]);
      expect(await stage.incidents.reprieve(2)).toEqual(["con_3"]);
      expect(await stage.incidents.reprieve(2)).toEqual([]);
      const { connection, lease } = await stage.held("con_1");
      expect([connection.status, lease.dueAt]).toEqual(["degraded", stage.clock.now()]);
      for (const id of ["con_1", "con_2", "con_3"]) await stage.heal(id);
      await stage.clock.advance(5 * MINUTE);
      await stage.look();
      expect(await stage.all()).toMatchObject([{ state: "resolved", affected: 4, recovered: 4 }]);
      expect(await stage.told()).toEqual(["incident.opened", "incident.resolved"]);
    });

    test("a consent ends it not, because it proves nothing of the others", async () => {
      const stage = await openWithIncident(kind);
      await stage.reject("con_4", { isHeld: true });
      await stage.look();
      const { connection } = await stage.held("con_4");
      const history = [{ kind: "reauthorized", generation: 2, detail: {} } as const];
      const consent = { ...connection, status: "active", diagnosis: null } as const;
      await stage.connections.reauthorize({ ...commitOf("con_4", 2), history }, consent);
      expect((await stage.look()).decided).toEqual([]);
      expect(await stage.incidents.reprieve(10)).toEqual([]);
    });

    test("a rejection that stays one decides it, and all are told", async () => {
      const stage = await openWithIncident(kind);
      await stage.reject("con_4", { isHeld: true });
      await stage.look();
      await stage.clock.advance(HOUR);
      await stage.reject("con_4");
      expect((await stage.look()).decided).toEqual([{ id: "inc_1", verdict: "meant" }]);
      await stage.clock.advance(MINUTE);
      expect((await stage.told()).filter((type) => type === ASKED)).toHaveLength(4);
      expect(await stage.incidents.reprieve(10)).toEqual([]);
    });

    test("one is tried where nobody is held, and its rejection is believed at once, whatever the brake would", async () => {
      const stage = await openWithIncident(kind);
      await stage.clock.advance(TRY_AFTER - 1);
      await stage.look();
      expect(await stage.incidents.reprieve(10)).toEqual([]);
      await stage.clock.advance(1);
      await stage.look();
      expect(await stage.incidents.reprieve(10)).toEqual(["con_1"]);
      expect(await stage.incidents.reprieve(10)).toEqual([]);
      expect(await stage.reject("con_1", { isHeld: true })).toBe("ended");
      expect((await stage.look()).decided).toEqual([{ id: "inc_1", verdict: "meant" }]);
      expect(await stage.incidents.reprieve(10)).toEqual([]);
      await stage.clock.advance(MINUTE);
      expect((await stage.told()).filter((type) => type === ASKED)).toHaveLength(3);
    });

    test("a token set is tried once more, and not in the next incident again", async () => {
      const stage = await openWithIncident(kind);
      await stage.clock.advance(TRY_AFTER);
      await stage.look();
      await stage.incidents.reprieve(10);
      await stage.reject("con_1");
      await stage.look();
      await stage.database.write((queries) => queries.updateTable("incidents").set({ verdict: "bad_hour" }).execute());
      await stage.database.write((queries) =>
        queries.updateTable("incident_members").set({ reprieved_at: null }).execute(),
      );
      expect(await stage.incidents.reprieve(10)).toEqual(["con_2", "con_3"]);
    });
  });
}
