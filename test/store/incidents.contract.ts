import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import { INCIDENT_WINDOW } from "../../src/incident/group.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf } from "../stage/store-stage.ts";
import { clientAt, newConnection } from "../stage/world.ts";
import { openIncidentStage, openWithIncident, REJECTED } from "./incident-stage.ts";

const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: { code: "http_503" } };

/** What every database has to make of failures that belong together. */
export function incidentsContract(kind: DatabaseKind): void {
  describe(`a look after incidents on ${kind.name}`, () => {
    test("finds nothing where nothing was heard", async () => {
      const stage = await openIncidentStage(kind);
      expect(await stage.look()).toEqual({ opened: [], resolved: [], decided: [], hasMore: false });
    });

    test("opens one for several rejections, with who is in it and why, and tells of it once", async () => {
      const stage = await openIncidentStage(kind);
      await stage.clock.advance(1000);
      await stage.reject("con_1");
      await stage.reject("con_2");
      expect((await stage.look()).opened).toEqual([]);
      await stage.clock.advance(MINUTE - 1);
      await stage.reject("con_3", { diagnosis: { ...REJECTED, cause: "revoked_by_admin" } });
      expect((await stage.look()).opened).toEqual([
        { id: "inc_1", kind: "rejections", cause: "revoked_by_admin", affected: 3 },
      ]);
      await stage.look();
      const now = stage.clock.now();
      expect(await stage.all()).toEqual([
        {
          id: "inc_1",
          tenantId: "default",
          kind: "rejections",
          clientId: "cli_1",
          providerId: "provider",
          state: "open",
          verdict: "undecided",
          cause: "revoked_by_admin",
          evidence: {
            codes: { invalid_grant: 3 },
            causes: { unknown: 2, revoked_by_admin: 1 },
            attempts: 3,
            alsoOpen: {},
          },
          affected: 3,
          recovered: 0,
          firstSeen: now - MINUTE + 1,
          lastSeen: now,
          acknowledgedAt: null,
          acknowledgedBy: null,
          resolvedAt: null,
        },
      ]);
      const page = await stage.incidents.members("inc_1", { limit: 2, after: "con_1" });
      expect(page).toEqual([
        {
          connectionId: "con_2",
          accountLabel: null,
          endUser: null,
          condition: "ended",
          cause: "unknown",
          code: "invalid_grant",
          since: now - MINUTE + 1,
          recoveredAt: null,
        },
        {
          connectionId: "con_3",
          accountLabel: null,
          endUser: null,
          condition: "ended",
          cause: "revoked_by_admin",
          code: "invalid_grant",
          since: now,
          recoveredAt: null,
        },
      ]);
      expect(await stage.told()).toEqual(["incident.opened"]);
    });

    test("opens none for what lies further apart, and forgets what stood alone", async () => {
      const stage = await openIncidentStage(kind);
      await stage.reject("con_1");
      await stage.reject("con_2");
      await stage.look();
      await stage.clock.advance(INCIDENT_WINDOW + 1);
      await stage.reject("con_3");
      await stage.look();
      await stage.reject("con_4");
      expect((await stage.look()).opened).toEqual([]);
      await stage.reject("con_5");
      expect((await stage.look()).opened).toMatchObject([{ affected: 3 }]);
    });

    test("lets what fails later join it, and not what is another client's", async () => {
      const stage = await openWithIncident(kind);
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      await stage.create("con_other", newConnection("con_other", { id: "cli_2", providerId: "provider" }));
      await stage.clock.advance(30 * MINUTE);
      await stage.reject("con_4");
      await stage.reject("con_other");
      await stage.look();
      expect(await stage.all()).toMatchObject([{ affected: 4, lastSeen: stage.clock.now() }]);
    });

    test("gives one that several tenants are in to the operator", async () => {
      const stage = await openIncidentStage(kind);
      await stage.database.write((queries) =>
        queries.insertInto("tenants").values({ id: "ten_a", name: "A", created_at: 0 }).execute(),
      );
      for (const id of ["con_a", "con_b", "con_c"]) {
        await stage.create(id, { tenantId: "ten_a" });
        await stage.reject(id);
      }
      await stage.look();
      expect([(await stage.all("ten_a")).length, (await stage.all()).length]).toEqual([1, 0]);
      await stage.reject("con_1");
      await stage.look();
      expect([(await stage.all("ten_a")).length, (await stage.all()).length]).toEqual([0, 1]);
    });

    test("resolves it by itself when all are well, and tells of it", async () => {
      const stage = await openWithIncident(kind);
      const { connection } = await stage.held("con_1");
      const consent = { ...connection, status: "active", diagnosis: null } as const;
      for (const id of ["con_1", "con_2"]) {
        const history = [{ kind: "reauthorized", generation: 2, detail: { was: connection.status } } as const];
        await stage.connections.reauthorize({ ...commitOf(id, 2), history }, consent);
      }
      await stage.clock.advance(5 * MINUTE);
      await stage.look();
      expect(await stage.all()).toMatchObject([{ state: "open", affected: 3, recovered: 2, verdict: "undecided" }]);
      await stage.connections.disconnect("con_3", { kind: "disconnected", generation: 1, detail: {} });
      expect((await stage.look()).resolved).toEqual([{ id: "inc_1", kind: "rejections" }]);
      expect(await stage.all()).toMatchObject([{ state: "resolved", recovered: 3, resolvedAt: stage.clock.now() }]);
      expect((await stage.told()).filter((type) => type.startsWith("incident."))).toEqual([
        "incident.opened",
        "incident.resolved",
      ]);
      expect((await stage.look()).resolved).toEqual([]);
    });

    test("counts again who fails again", async () => {
      const stage = await openWithIncident(kind);
      const { connection } = await stage.held("con_1");
      const history = [{ kind: "reauthorized", generation: 2, detail: {} } as const];
      const consent = { ...connection, status: "active", diagnosis: null } as const;
      await stage.connections.reauthorize({ ...commitOf("con_1", 2), history }, consent);
      await stage.look();
      expect(await stage.all()).toMatchObject([{ affected: 3, recovered: 1 }]);
      await stage.reject("con_1", { generation: 2 });
      await stage.look();
      expect(await stage.all()).toMatchObject([{ affected: 3, recovered: 0 }]);
    });

    test("takes a suspended client for one, with all its live connections, until it is accepted", async () => {
      const stage = await openIncidentStage(kind);
      await stage.reject("con_6");
      const probeAt = stage.clock.now() + MINUTE;
      await stage.clients.suspend("cli_1", { cause: "client_secret_rejected", code: "invalid_client", probeAt });
      expect((await stage.look()).opened).toMatchObject([{ kind: "client_suspended", affected: 5 }]);
      await stage.look();
      expect(await stage.all()).toMatchObject([
        {
          clientId: "cli_1",
          cause: "client_secret_rejected",
          verdict: null,
          evidence: { codes: { invalid_client: 5 } },
        },
      ]);
      expect(await stage.incidents.members("inc_1", { limit: 9, after: "con_3" })).toMatchObject([
        { connectionId: "con_4" },
        { connectionId: "con_5" },
      ]);
      expect(await stage.incidents.countOpen()).toMatchObject({ client_suspended: 1, rejections: 0 });
      await stage.clients.resume("cli_1");
      expect((await stage.look()).resolved).toHaveLength(1);
      expect(await stage.all()).toMatchObject([{ state: "resolved", affected: 5, recovered: 5 }]);
    });

    test("takes a provider's outage for one", async () => {
      const stage = await openIncidentStage(kind);
      for (const id of ["con_1", "con_2", "con_3"]) {
        const claim = await stage.claim(id);
        await stage.connections.postpone({
          claim,
          answered: true,
          backoffMs: 0,
          diagnosis: OUTAGE,
          degrade: true,
          history: null,
        });
      }
      await stage.look();
      expect(await stage.all()).toMatchObject([{ kind: "provider", clientId: null, verdict: null, affected: 3 }]);
      for (const id of ["con_1", "con_2", "con_3"]) await stage.heal(id);
      await stage.clock.advance(5 * MINUTE);
      await stage.look();
      expect(await stage.all()).toMatchObject([{ state: "resolved", recovered: 3 }]);
    });

    test("is made by one instance at a time, and nothing is counted twice", async () => {
      const stage = await openIncidentStage(kind);
      for (const id of ["con_1", "con_2", "con_3"]) await stage.reject(id);
      const looks = await Promise.all([stage.look(), stage.look(), stage.look()]);
      expect(looks.flatMap(({ opened }) => opened)).toHaveLength(1);
      expect(await stage.all()).toMatchObject([{ affected: 3 }]);
      expect((await stage.told()).filter((type) => type === "incident.opened")).toHaveLength(1);
    });
  });

  describe(`an incident on ${kind.name}`, () => {
    test("is acknowledged once, and not when it is over", async () => {
      const stage = await openWithIncident(kind);
      expect(await stage.incidents.acknowledge("inc_1", "key_1")).toBe(true);
      expect(await stage.incidents.acknowledge("inc_1", "key_2")).toBe(false);
      const now = stage.clock.now();
      expect(await stage.incidents.find("inc_1")).toMatchObject({
        state: "acknowledged",
        acknowledgedBy: "key_1",
        acknowledgedAt: now,
      });
      expect(await stage.incidents.acknowledge("inc_none", "key_1")).toBe(false);
    });

    test("is listed by state and in pages, the newest first", async () => {
      const stage = await openWithIncident(kind);
      const probeAt = stage.clock.now();
      await stage.clients.suspend("cli_1", { cause: "client_disabled", code: "x", probeAt });
      await stage.look();
      const list = (state: "open" | "resolved" | null, before: string | null) =>
        stage.incidents.list({ tenantId: "default", limit: 1, before, state });
      expect(await list(null, null)).toMatchObject([{ id: "inc_2", evidence: { alsoOpen: { rejections: 1 } } }]);
      expect(await list("open", "inc_2")).toMatchObject([{ id: "inc_1" }]);
      expect(await list("resolved", null)).toEqual([]);
    });
  });
}
