import { describe, expect, test } from "vitest";
import { DAY } from "../../src/runtime/clock.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { createOutboxStore } from "../../src/store/outbox.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

async function open(kind: DatabaseKind) {
  const stage = await openStoreStage(kind);
  const keys = createKeyStore(stage.database, () => "instance");
  const told = async () =>
    (await createOutboxStore(stage.database).pending(10)).map(({ type, tenantId, clientId, detail }) => ({
      type,
      tenantId,
      clientId,
      detail,
    }));
  return { ...stage, keys, told };
}

/** What every database has to tell of clients and keys, in the transaction of the change. */
export function announcementsContract(kind: DatabaseKind): void {
  describe(`an event on ${kind.name}`, () => {
    test("tells of a client's suspension once, and again after the next one", async () => {
      const { clients, told } = await open(kind);
      const suspend = () =>
        clients.suspend("cli_1", { cause: "client_disabled", code: "unauthorized_client", probeAt: 1 });
      expect([await suspend(), await suspend()]).toEqual([true, false]);
      const event = {
        type: "client.suspended",
        tenantId: "default",
        clientId: "cli_1",
        detail: { cause: "client_disabled", code: "unauthorized_client" },
      };
      expect(await told()).toEqual([event]);
      await clients.resume("cli_1");
      await suspend();
      expect(await told()).toEqual([event, event]);
    });

    test("tells of a secret's end once for each warning", async () => {
      const { clients, clock, told } = await open(kind);
      const expiresAt = clock.now() + 7 * DAY;
      await clients.stageSecret("cli_1", { id: "sec_1", sealed: Buffer.of(1), expiresAt });
      expect(await clients.markWarned("sec_1", 7)).toBe(true);
      expect(await clients.markWarned("sec_1", 7)).toBe(false);
      expect(await clients.markWarned("sec_1", 1)).toBe(true);
      expect(await told()).toEqual(
        [7, 1].map((days) => ({
          type: "client.secret_expiring",
          tenantId: "default",
          clientId: "cli_1",
          detail: { secret: "sec_1", days, ends_at: expiresAt },
        })),
      );
    });

    test("tells of a new version of a tenant's key, not of its first one, nor of a repetition", async () => {
      const { keys, told } = await open(kind);
      await keys.addRootKey({ fingerprint: "root", sentinel: Buffer.of(0), kept: null });
      const key = { tenantId: "default", wrapped: Buffer.of(1), rootFingerprint: "root" };
      for (const version of [0, 1, 2, 2]) await keys.addTenantKey({ ...key, version });
      const detail = { key: "tenant", version: 2 };
      expect(await told()).toEqual([{ type: "key.rotated", tenantId: "default", clientId: null, detail }]);
    });

    test("tells of the root key when the one before is forgotten, and no sooner", async () => {
      const { keys, told } = await open(kind);
      for (const fingerprint of ["old", "new"]) {
        await keys.addRootKey({ fingerprint, sentinel: Buffer.of(0), kept: null });
      }
      const key = { tenantId: "default", version: 1, wrapped: Buffer.of(1) };
      await keys.addTenantKey({ ...key, rootFingerprint: "old" });
      await keys.forgetRootKeysBut("new");
      expect(await told()).toEqual([]);
      await keys.rewrap({ ...key, rootFingerprint: "new" }, "old");
      await keys.forgetRootKeysBut("new");
      await keys.forgetRootKeysBut("new");
      const detail = { key: "root", fingerprint: "new" };
      expect(await told()).toEqual([{ type: "key.rotated", tenantId: "default", clientId: null, detail }]);
    });
  });
}
