import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Consent } from "../../src/connection/store.ts";
import {
  ANSWER_TIME,
  type CampaignPlan,
  type CampaignStore,
  type CampaignTarget,
} from "../../src/incident/campaign.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createCampaignStore } from "../../src/store/campaigns.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, type StoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

interface CampaignStage extends StoreStage {
  campaigns: CampaignStore;
  /** Starts `cam_1`, for all of `cli_1` unless told, with reminders after one and three days. */
  start(plan?: Partial<CampaignPlan> & { id?: string; target?: CampaignTarget }): Promise<number>;
  end(id: string): Promise<void>;
  heal(id: string): Promise<void>;
  passOnAll(): Promise<void>;
  /** Connections that were asked by campaigns, in the order of their events. */
  asked(): Promise<string[]>;
}

const CONSENT: Consent = {
  clientId: "cli_1",
  account: null,
  requestedScopes: [],
  grantedScopes: [],
  status: "active",
  diagnosis: null,
  consentedAt: 1,
  lastProvenAt: 1,
};

const ALL: CampaignTarget = { kind: "client", clientId: "cli_1" };
const GONE: Diagnosis = { cause: "revoked_by_user", confidence: "certain", evidence: {} };

/** Connections `con_1` to `con_3`; all but the last wait for their users, and nobody was told. */
async function openCampaignStage(kind: DatabaseKind): Promise<CampaignStage> {
  const stage = await openStoreStage(kind);
  const campaigns = createCampaignStore(stage.database);
  const { database, connections } = stage;
  const opened: CampaignStage = {
    ...stage,
    campaigns,
    start: ({ id = "cam_1", target = ALL, ...plan } = {}) => {
      const usual = {
        incidentId: null,
        clientId: null,
        toClientId: null,
        remindAfter: [DAY, 3 * DAY],
        quietHours: null,
      };
      return campaigns.start({ id, tenantId: "default", ...usual, ...plan }, target);
    },
    end: async (id) => {
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await connections.setStatus({ connectionId: id, generation: 1, status, diagnosis: GONE, history });
    },
    heal: async (id) => {
      await connections.reauthorize(commitOf(id, 2), CONSENT);
    },
    passOnAll: async () => {
      await database.write((queries) => queries.deleteFrom("outbox").execute());
    },
    asked: async () => {
      const rows = await database.read((queries) =>
        queries.selectFrom("outbox").select(["connection_id", "detail"]).orderBy("number").execute(),
      );
      return rows.filter(({ detail }) => detail.includes("campaign")).map((row) => row.connection_id ?? "");
    },
  };
  for (const id of ["con_1", "con_2", "con_3"]) await stage.create(id);
  for (const id of ["con_1", "con_2"]) await opened.end(id);
  await opened.passOnAll();
  return opened;
}

/** What every database has to make of campaigns. */
export function campaignsContract(kind: DatabaseKind): void {
  describe(`a campaign on ${kind.name}`, () => {
    test("asks each user that can help once, and then by its reminders", async () => {
      const stage = await openCampaignStage(kind);
      expect(await stage.start()).toBe(2);
      expect(await stage.campaigns.ask(10)).toBe(2);
      expect(await stage.campaigns.ask(10)).toBe(0);
      expect((await stage.asked()).toSorted()).toEqual(["con_1", "con_2"]);
      await stage.clock.advance(DAY - 1);
      expect(await stage.campaigns.ask(10)).toBe(0);
      await stage.clock.advance(1);
      expect(await stage.campaigns.ask(10)).toBe(2);
      await stage.clock.advance(30 * DAY);
      expect(await stage.campaigns.ask(10)).toBe(2);
      expect(await stage.campaigns.ask(10)).toBe(0);
      expect(await stage.asked()).toHaveLength(6);
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ members: 2, asked: 2, requests: 6, recovered: 0 });
    });

    test("asks nobody again whose application was told already, but reminds", async () => {
      const stage = await openCampaignStage(kind);
      await stage.end("con_3");
      await stage.start();
      await stage.clock.advance(MINUTE);
      await stage.campaigns.ask(10);
      expect((await stage.asked()).toSorted()).toEqual(["con_1", "con_2"]);
      await stage.clock.advance(DAY);
      await stage.campaigns.ask(10);
      expect((await stage.asked()).filter((id) => id === "con_3")).toHaveLength(1);
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ asked: 3, requests: 6 });
    });

    test("asks nobody in quiet hours", async () => {
      const stage = await openCampaignStage(kind);
      const now = new Date(stage.clock.now());
      const from = now.toISOString().slice(11, 16);
      const to = new Date(stage.clock.now() + 2 * HOUR).toISOString().slice(11, 16);
      await stage.start({ quietHours: { from, to, timeZone: "UTC" } });
      expect(await stage.campaigns.ask(10)).toBe(2);
      expect(await stage.asked()).toEqual([]);
      await stage.clock.advance(2 * HOUR - MINUTE);
      expect(await stage.campaigns.ask(10)).toBe(0);
      await stage.clock.advance(MINUTE);
      expect(await stage.campaigns.ask(10)).toBe(2);
      expect(await stage.asked()).toHaveLength(2);
    });

    test("stops with whoever is well, says how many are, and ends with the last", async () => {
      const stage = await openCampaignStage(kind);
      await stage.start();
      await stage.campaigns.ask(10);
      await stage.heal("con_1");
      expect(await stage.campaigns.settle()).toEqual([]);
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ members: 2, recovered: 1 });
      await stage.clock.advance(DAY);
      await stage.campaigns.ask(10);
      expect((await stage.asked()).filter((id) => id === "con_1")).toHaveLength(1);
      await stage.connections.disconnect("con_2", { kind: "disconnected", generation: 1, detail: {} });
      expect(await stage.campaigns.settle()).toEqual(["cam_1"]);
      expect(await stage.campaigns.settle()).toEqual([]);
      expect((await stage.campaigns.find("cam_1"))?.finishedAt).toBe(stage.clock.now());
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ recovered: 1, disconnected: 1, unanswered: 0 });
    });

    test("asks nobody who became well since the last look", async () => {
      const stage = await openCampaignStage(kind);
      await stage.start();
      await stage.heal("con_1");
      await stage.campaigns.ask(10);
      expect(await stage.asked()).toEqual(["con_2"]);
    });

    test("waits two weeks for an answer after the last reminder", async () => {
      const stage = await openCampaignStage(kind);
      await stage.start({ remindAfter: [] });
      await stage.campaigns.ask(10);
      await stage.clock.advance(ANSWER_TIME - 1);
      expect(await stage.campaigns.settle()).toEqual([]);
      await stage.clock.advance(1);
      expect(await stage.campaigns.settle()).toEqual(["cam_1"]);
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ asked: 2, unanswered: 2 });
    });

    test("leaves those to another that asks them already, and is refused when none is left", async () => {
      const stage = await openCampaignStage(kind);
      expect(await stage.start({ target: { kind: "connections", connectionIds: ["con_1", "con_3", "con_9"] } })).toBe(
        1,
      );
      expect(await stage.campaigns.preview("default", ALL)).toEqual({ connections: 1, told: 0 });
      expect(await stage.start({ id: "cam_2" })).toBe(1);
      expect(await stage.campaigns.preview("default", ALL)).toEqual({ connections: 0, told: 0 });
      await expect(stage.start({ id: "cam_3" })).rejects.toThrow(/waits for its user/);
      expect(await stage.campaigns.find("cam_3")).toBeNull();
      await stage.campaigns.cancel("cam_1");
      expect(await stage.start({ id: "cam_3" })).toBe(1);
    });

    test("of another tenant takes nobody", async () => {
      const stage = await openCampaignStage(kind);
      const other = { id: "ten_other", name: "Other", created_at: 0 };
      await stage.database.write((queries) => queries.insertInto("tenants").values(other).execute());
      const plan = {
        id: "cam_1",
        tenantId: "ten_other",
        incidentId: null,
        clientId: null,
        toClientId: null,
        remindAfter: [],
        quietHours: null,
      };
      for (const target of [
        { kind: "client", clientId: "cli_1" },
        { kind: "connections", connectionIds: ["con_1"] },
      ] as const) {
        await expect(stage.campaigns.start(plan, target)).rejects.toThrow(/waits for its user/);
        expect(await stage.campaigns.preview("ten_other", target)).toEqual({ connections: 0, told: 0 });
      }
    });

    test("asks nobody when it was cancelled, and is cancelled once", async () => {
      const stage = await openCampaignStage(kind);
      await stage.start();
      expect(await stage.campaigns.cancel("cam_1")).toBe(true);
      expect(await stage.campaigns.cancel("cam_1")).toBe(false);
      expect(await stage.campaigns.ask(10)).toBe(0);
      expect(await stage.campaigns.settle()).toEqual([]);
      const [member] = await stage.campaigns.members("cam_1", { limit: 1, after: null });
      expect(member).toEqual({
        connectionId: "con_1",
        asked: 0,
        lastAskedAt: null,
        nextAt: null,
        outcome: "cancelled",
      });
      const rest = await stage.campaigns.members("cam_1", { limit: 10, after: "con_1" });
      expect(rest.map(({ connectionId }) => connectionId)).toEqual(["con_2"]);
    });

    test("that two instances run at once asks nobody twice", async () => {
      const stage = await openCampaignStage(kind);
      await stage.start();
      await Promise.all([stage.campaigns.ask(10), stage.campaigns.ask(10), stage.campaigns.ask(10)]);
      expect((await stage.asked()).toSorted()).toEqual(["con_1", "con_2"]);
    });

    test("that moves connections asks for all that are there, and has those that arrived", async () => {
      const stage = await openCampaignStage(kind);
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      const target = { kind: "move", clientId: "cli_1", toClientId: "cli_2" } as const;
      expect(await stage.start({ clientId: "cli_1", toClientId: "cli_2", target })).toBe(3);
      expect(await stage.campaigns.destinationOf("con_3")).toBe("cli_2");
      await stage.campaigns.ask(10);
      expect((await stage.asked()).toSorted()).toEqual(["con_1", "con_2", "con_3"]);
      await stage.connections.reauthorize(commitOf("con_3", 2), { ...CONSENT, clientId: "cli_2" });
      // With the client that it has, it is well and did not move.
      await stage.heal("con_1");
      expect(await stage.campaigns.settle()).toEqual([]);
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ members: 3, recovered: 1 });
      expect((await stage.held("con_3")).connection.clientId).toBe("cli_2");
      expect(await stage.campaigns.destinationOf("con_3")).toBeNull();
      await stage.clock.advance(DAY);
      await stage.campaigns.ask(10);
      expect((await stage.asked()).toSorted()).toEqual(["con_1", "con_1", "con_2", "con_2", "con_3"]);
      await stage.campaigns.cancel("cam_1");
      expect(await stage.campaigns.destinationOf("con_1")).toBeNull();
    });

    test("that moves connections to a client that is deleted meanwhile leaves them where they are", async () => {
      const stage = await openCampaignStage(kind);
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      const target = { kind: "move", clientId: "cli_1", toClientId: "cli_2" } as const;
      await stage.start({ clientId: "cli_1", toClientId: "cli_2", target });
      expect(await stage.campaigns.destinationOf("con_1")).toBe("cli_2");
      await stage.database.write((queries) =>
        queries.updateTable("clients").set({ deleted_at: 1 }).where("id", "=", "cli_2").execute(),
      );
      expect(await stage.campaigns.destinationOf("con_1")).toBeNull();
    });

    test("takes connections that work as yet, where only a new consent helps", async () => {
      const stage = await openCampaignStage(kind);
      const { grantedScopes } = (await stage.held("con_3")).connection;
      const needs = { connectionId: "con_3", requiredScopes: ["mail"], missingScopes: ["mail"], detail: {} };
      await stage.connections.setNeeds({ ...needs, was: { requiredScopes: [], grantedScopes } });
      await stage.passOnAll();
      expect(await stage.start({ target: { kind: "connections", connectionIds: ["con_3"] } })).toBe(1);
      await stage.campaigns.ask(10);
      expect(await stage.asked()).toEqual(["con_3"]);
      expect(await stage.campaigns.settle()).toEqual([]);
      await stage.connections.setNeeds({
        ...needs,
        missingScopes: [],
        was: { requiredScopes: ["mail"], grantedScopes },
      });
      expect(await stage.campaigns.settle()).toEqual(["cam_1"]);
      expect(await stage.campaigns.report("cam_1")).toMatchObject({ asked: 1, recovered: 1 });
    });
  });
}
