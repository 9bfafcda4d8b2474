import { describe, expect, test } from "vitest";
import type { Client } from "../../src/client/client.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

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
          testing: true,
        },
        publicUrl: null,
        suspension: null,
        learnedLife: null,
      };
      await clients.create(client, SECRET);
      expect(await clients.find("cli_2")).toEqual({ ...client, createdAt: clock.now() });
      expect(await clients.find("cli_none")).toBeNull();
    });

    test("are listed by id, for their tenant only", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_0"), null);
      const listed = await clients.list("default");
      expect(listed.map(({ id }) => id)).toEqual(["cli_0", "cli_1"]);
      expect(listed[1]).toEqual(await clients.find("cli_1"));
      expect(await clients.list("ten_other")).toEqual([]);
    });

    test("are not stored without their secret", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_2"), SECRET);
      await expect(clients.create(clientAt("provider", "cli_3"), SECRET)).rejects.toThrow(/.+/);
      expect(await clients.find("cli_3")).toBeNull();
    });
  });

  describe(`client secrets on ${kind.name}`, () => {
    test("start as the active one", async () => {
      const { clients, clock } = await openStoreStage(kind);
      await clients.create(clientAt("provider", "cli_2"), SECRET);
      const stored = { ...SECRET, clientId: "cli_2", state: "active", createdAt: clock.now() };
      expect(await clients.activeSecret("cli_2")).toEqual(stored);
      expect(await clients.listSecrets("cli_2")).toEqual([stored]);
      expect(await clients.activeSecret("cli_1")).toBeNull();
      expect(await clients.listSecrets("cli_1")).toEqual([]);
    });

    test("are replaced in one step: the new one is active, the old one retired", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.replaceSecret("cli_1", SECRET);
      await clients.replaceSecret("cli_1", { id: "sec_2", sealed: Buffer.of(2) });
      expect(await clients.activeSecret("cli_1")).toMatchObject({ id: "sec_2", sealed: Buffer.of(2) });
      const listed = await clients.listSecrets("cli_1");
      expect(listed.map(({ id, state }) => [id, state])).toEqual([
        ["sec_2", "active"],
        ["sec_1", "retired"],
      ]);
    });

    test("that cannot be stored leave the old one active", async () => {
      const { clients, clock } = await openStoreStage(kind);
      await clients.replaceSecret("cli_1", SECRET);
      await clients.suspend("cli_1", { ...SUSPENSION, probeAt: clock.now() });
      await expect(clients.replaceSecret("cli_1", SECRET)).rejects.toThrow(/.+/);
      expect(await clients.activeSecret("cli_1")).toMatchObject({ id: "sec_1", state: "active" });
      expect((await clients.find("cli_1"))?.suspension).not.toBeNull();
    });

    test("that are new end a suspension", async () => {
      const { clients, clock } = await openStoreStage(kind);
      await clients.suspend("cli_1", { ...SUSPENSION, probeAt: clock.now() });
      await clients.replaceSecret("cli_1", SECRET);
      expect((await clients.find("cli_1"))?.suspension).toBeNull();
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
