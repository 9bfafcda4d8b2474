import { describe, expect, test } from "vitest";
import type { Client, ClientQuery } from "../../src/client/client.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";
import { clientAt, EVERY_CLIENT } from "../stage/world.ts";

const SECRET = { id: "sec_1", sealed: Buffer.of(1, 0, 255) };
const SUSPENSION = { cause: "client_secret_rejected", code: "invalid_client" } as const;

/** What every database has to make of `ClientStore`. */
export function clientStoreContract(kind: DatabaseKind): void {
  describe(`clients on ${kind.name}`, () => {
    test("come back as they were stored, with the database's time", async () => {
      const { clients, clock } = await openStoreStage(kind);
      const client: Omit<Client, "createdAt"> = {
        id: "cli_2",
        tenantId: "default",
        providerId: "elsewhere",
        clientId: 'it\'s "quoted"',
        authentication: "client_secret_basic",
        scopes: ["a", "b c"],
        settings: {
          returnUrls: ["https://app.example/done"],
          offlineAccess: false,
          prove: true,
          authorizationParameters: { prompt: "consent" },
          providerParameters: { subdomain: "acme" },
          assertionAudience: "https://as.example/other",
          testing: true,
          requiredScopes: ["a", "c"],
          proxyHosts: ["api.example.com"],
          probeEveryDays: 3,
        },
        publicUrl: null,
        suspension: null,
        learnedLife: null,
        dpopKey: null,
      };
      await clients.create(client, SECRET);
      expect(await clients.find("cli_2")).toEqual({ ...client, createdAt: clock.now() });
      expect(await clients.find("cli_none")).toBeNull();
    });

    test("remembers a change of what it requires until all of its connections know, and only the latest", async () => {
      const { clients } = await openStoreStage(kind);
      const started = { clientId: "cli_1", change: "chg_1", lookedTo: null };
      await clients.change("cli_1", { scopesChange: "chg_1" });
      expect(await clients.scopesChanges(10)).toEqual([started]);
      await clients.noteScopesChange({ ...started, lookedTo: "con_1" });
      expect(await clients.scopesChanges(10)).toEqual([{ ...started, lookedTo: "con_1" }]);
      await clients.change("cli_1", { scopesChange: "chg_2" });
      await clients.noteScopesChange(started);
      expect(await clients.scopesChanges(10)).toEqual([{ ...started, change: "chg_2" }]);
      await clients.noteScopesChange({ ...started, change: "chg_2" });
      expect(await clients.scopesChanges(10)).toEqual([]);
    });

    test("are listed by id, for their tenant only", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_0"), null);
      const listed = await clients.list(EVERY_CLIENT);
      expect(listed.map(({ id }) => id)).toEqual(["cli_0", "cli_1"]);
      expect(listed[1]).toEqual(await clients.find("cli_1"));
      expect(await clients.list({ ...EVERY_CLIENT, tenantId: "ten_other" })).toEqual([]);
    });

    test("are listed page by page, and by their provider", async () => {
      const { clients } = await openStoreStage(kind);
      for (const id of ["cli_2", "cli_3"]) await clients.create(clientAt("elsewhere", id), null);
      const idsOf = async (query: Partial<ClientQuery>) =>
        (await clients.list({ ...EVERY_CLIENT, ...query })).map(({ id }) => id);
      expect(await idsOf({ limit: 2 })).toEqual(["cli_1", "cli_2"]);
      expect(await idsOf({ after: "cli_2" })).toEqual(["cli_3"]);
      expect(await idsOf({ providerId: "elsewhere" })).toEqual(["cli_2", "cli_3"]);
    });

    test("are changed in what is named, and in nothing else", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_2"), null);
      const before = await clients.find("cli_2");
      await clients.change("cli_2", { scopes: ["other"] });
      expect(await clients.find("cli_2")).toEqual({ ...before, scopes: ["other"] });
      await clients.change("cli_2", {});
      expect(await clients.find("cli_1")).toMatchObject({ scopes: clientAt("provider", "cli_1").scopes });
    });

    test("that were deleted take no connection, not even one whose sign-in was under way", async () => {
      const stage = await openStoreStage(kind);
      expect(await stage.clients.remove("cli_1")).toEqual({ kind: "deleted" });
      await expect(stage.create("con_1")).rejects.toMatchObject({ code: "not_found" });
      expect(await stage.connections.snapshot("con_1")).toBeNull();
    });

    test("are not deleted while a connection is stored for them", async () => {
      const stage = await openStoreStage(kind);
      const [made, removed] = await Promise.allSettled([stage.create("con_1"), stage.clients.remove("cli_1")]);
      const found = await stage.connections.snapshot("con_1");
      expect(found === null).toBe(made.status === "rejected");
      expect(removed).toMatchObject({ value: { kind: made.status === "rejected" ? "deleted" : "in_use" } });
    });

    test("are given keys for their tokens, and those before stay, because token sets may be bound to them", async () => {
      const { clients } = await openStoreStage(kind);
      const [first, second] = [
        { thumbprint: "jkt-1", sealed: Buffer.of(1, 0, 255) },
        { thumbprint: "jkt-2", sealed: Buffer.of(2) },
      ];
      await clients.create(clientAt("provider", "cli_2"), null, first);
      expect(await clients.find("cli_2")).toMatchObject({ dpopKey: "jkt-1" });
      await clients.change("cli_2", { dpopKey: second });
      expect(await clients.find("cli_2")).toMatchObject({ dpopKey: "jkt-2" });
      await clients.change("cli_2", { dpopKey: null });
      expect(await clients.find("cli_2")).toMatchObject({ dpopKey: null });
      for (const key of [first, second]) expect(await clients.dpopKey(key.thumbprint)).toEqual(key);
      expect(await clients.dpopKey("jkt-3")).toBeNull();
      await clients.remove("cli_2");
      for (const key of [first, second]) expect(await clients.dpopKey(key.thumbprint)).toBeNull();
    });

    test("are deleted with what their secrets were, but not while a connection lives by them", async () => {
      const stage = await openStoreStage(kind);
      const { clients, connections } = stage;
      await clients.replaceSecret("cli_1", SECRET);
      await stage.create("con_1");
      await stage.create("con_2");
      expect(await clients.remove("cli_1")).toEqual({ kind: "in_use", connections: 2 });
      expect(await clients.activeSecret("cli_1")).toMatchObject({ id: "sec_1" });
      for (const id of ["con_1", "con_2"]) {
        await connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
      }
      expect(await clients.remove("cli_1")).toEqual({ kind: "deleted" });
      expect(await clients.remove("cli_1")).toEqual({ kind: "unknown" });
      expect(await clients.find("cli_1")).toBeNull();
      expect(await clients.list(EVERY_CLIENT)).toEqual([]);
      expect(await clients.listSecrets(["cli_1"])).toMatchObject([{ id: "sec_1", sealed: null }]);
      expect(await clients.liveSecrets("cli_1")).toEqual([]);
      expect((await stage.held("con_1")).connection.clientId).toBe("cli_1");
    });

    test("are not stored without their secret", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_2"), SECRET);
      await expect(clients.create(clientAt("provider", "cli_3"), SECRET)).rejects.toThrow(/.+/);
      expect(await clients.find("cli_3")).toBeNull();
    });
  });

  describe(`suspending a client on ${kind.name}`, () => {
    test("happens once; a second report does not change what the first said", async () => {
      const { clients, clock } = await openStoreStage(kind);
      const since = clock.now();
      expect(await clients.suspend("cli_1", { ...SUSPENSION, probeAt: 77 })).toBe(true);
      await clock.advance(1000);
      expect(await clients.suspend("cli_1", { cause: "client_disabled", code: "x", probeAt: 88 })).toBe(false);
      expect((await clients.find("cli_1"))?.suspension).toEqual({ ...SUSPENSION, since, probeAt: 77 });
    });

    test("grants the probe that is due to one of many, and then none until the next", async () => {
      const { clients, clock } = await openStoreStage(kind);
      const probeAt = clock.now() + 1000;
      await clients.suspend("cli_1", { ...SUSPENSION, probeAt });
      expect(await clients.claimProbe("cli_1", probeAt + 1000)).toBe(false);
      await clock.advance(1000);
      const claims = await Promise.all(Array.from({ length: 10 }, () => clients.claimProbe("cli_1", probeAt + 1000)));
      expect(claims.filter((granted) => granted)).toHaveLength(1);
      expect((await clients.find("cli_1"))?.suspension?.probeAt).toBe(probeAt + 1000);
    });

    test("is over once, and a client that is not suspended has no probe", async () => {
      const { clients, clock } = await openStoreStage(kind);
      expect(await clients.resume("cli_1")).toBe(false);
      expect(await clients.claimProbe("cli_1", clock.now())).toBe(false);
      await clients.suspend("cli_1", { ...SUSPENSION, probeAt: 1 });
      expect(await clients.resume("cli_1")).toBe(true);
      expect(await clients.resume("cli_1")).toBe(false);
      expect(await clients.claimProbe("cli_1", clock.now())).toBe(false);
      expect((await clients.find("cli_1"))?.suspension).toBeNull();
    });

    test("touches no other client", async () => {
      const { clients, clock } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_2"), null);
      await clients.suspend("cli_1", { ...SUSPENSION, probeAt: clock.now() });
      await clients.suspend("cli_2", { ...SUSPENSION, probeAt: clock.now() });
      await clients.resume("cli_2");
      expect((await clients.find("cli_1"))?.suspension).not.toBeNull();
      expect((await clients.find("cli_2"))?.suspension).toBeNull();
    });
  });
}
