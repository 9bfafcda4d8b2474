import { describe, expect, test } from "vitest";
import type { AuditQuery } from "../../src/access/audit.ts";
import { chainHash, GENESIS } from "../../src/access/audit-chain.ts";
import { verifyChain } from "../../src/access/verify-audit.ts";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
import { createApiKeyStore } from "../../src/store/api-keys.ts";
import { auditing } from "../../src/store/auditing.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { actOn, AUDIT_KEY, newKey, openAuditStage } from "./audit-stage.ts";

const ALL: AuditQuery = {
  tenantId: "default",
  limit: 100,
  before: null,
  act: null,
  actorId: null,
  objectId: null,
  since: null,
  until: null,
};

/** What every database has to make of the written acts. */
export function auditStoreContract(kind: DatabaseKind): void {
  describe(`the audit log on ${kind.name}`, () => {
    test("has an act as it was done, with the database's time, chained to the one before", async () => {
      const { audit, makeKey, clock } = await openAuditStage(kind);
      await makeKey("key_1");
      await clock.advance(HOUR);
      await makeKey("key_2");
      const [second, first] = await audit.list(ALL);
      expect(first).toMatchObject({ ...actOn("key_1"), seq: 1, at: clock.now() - HOUR });
      expect(second).toMatchObject({ objectId: "key_2", seq: 2, at: clock.now() });
      if (!first || !second) throw new Error("Two were made.");
      expect(first.hash).toBe(chainHash(GENESIS, first));
      expect(second.hash).toBe(chainHash(first.hash, second));
    });

    test("has nothing of an act that changed nothing, and one entry of an act in several transactions", async () => {
      const { audit, makeKey, database } = await openAuditStage(kind);
      await makeKey("key_1");
      await makeKey("key_1");
      const act = actOn("key_1", { name: "api_key.revoked" });
      expect(await createApiKeyStore(auditing(database, AUDIT_KEY, act)).revoke("default", "key_2")).toBe(false);
      expect(await audit.list(ALL)).toHaveLength(1);
      const keys = createApiKeyStore(auditing(database, AUDIT_KEY, act));
      expect(await keys.revoke("default", "key_2")).toBe(false);
      await keys.create(newKey("key_2"));
      await keys.create(newKey("key_3"));
      expect(await audit.list(ALL)).toHaveLength(2);
    });

    test("notices what is changed by a statement that returns rows", async () => {
      const { audit, makeKey, database } = await openAuditStage(kind);
      await makeKey("key_1");
      const act = actOn("key_1", { name: "api_key.rotated" });
      const rotation = {
        tenantId: "default",
        id: "key_1",
        successor: { id: "key_2", hash: Buffer.of(2) },
        overlapMs: 1,
      };
      await createApiKeyStore(auditing(database, AUDIT_KEY, act)).rotate(rotation);
      await createApiKeyStore(auditing(database, AUDIT_KEY, act)).rotate(rotation);
      expect((await audit.list(ALL)).map(({ name }) => name)).toEqual(["api_key.rotated", "api_key.created"]);
    });

    test("has nothing of an act that is rolled back, and of that which cannot be written down nothing happens", async () => {
      const { audit, database } = await openAuditStage(kind);
      const acting = auditing(database, AUDIT_KEY, actOn("key_1"));
      const failing = acting.write(async (queries) => {
        await queries.deleteFrom("clients").execute();
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await audit.list(ALL)).toEqual([]);
      // The next number is taken already, so that the act cannot be written down.
      const taken = { act: "x", actor_kind: "system", detail: "{}", hash: "", at: 0 };
      await database.write((queries) =>
        queries
          .insertInto("audit")
          .values({ tenant_id: "default", seq: 1, ...taken })
          .execute(),
      );
      const impossible = createApiKeyStore(auditing(database, AUDIT_KEY, actOn("key_1")));
      await expect(impossible.create(newKey("key_1"))).rejects.toThrow(/unique/i);
      expect(await createApiKeyStore(database).list("default")).toEqual([]);
    });

    test("keeps one chain for each tenant, however many write at once", async () => {
      const { audit, makeKey, database } = await openAuditStage(kind);
      for (const id of ["ten_a", "ten_b"]) {
        await database.write((queries) =>
          queries.insertInto("tenants").values({ id, name: id, created_at: 0 }).execute(),
        );
      }
      const ids = Array.from({ length: 40 }, (_, index) => `key_${index}`);
      await Promise.all(ids.map((id, index) => makeKey(id, index % 2 === 0 ? "ten_a" : "ten_b")));
      expect(await audit.tenants()).toEqual(["ten_a", "ten_b"]);
      for (const tenantId of ["ten_a", "ten_b"]) {
        const seqs = (await audit.following(tenantId, 0, 100)).map(({ seq }) => seq);
        expect(seqs).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
        expect(await verifyChain(audit, AUDIT_KEY, tenantId)).toMatchObject({ entries: 20, first_bad_seq: null });
      }
    });

    test("is read by act, actor, object and time, in pages", async () => {
      const { audit, makeKey, clock } = await openAuditStage(kind);
      const start = clock.now();
      for (const id of ["key_1", "key_2", "key_3"]) {
        await makeKey(id);
        await clock.advance(HOUR);
      }
      const seqs = async (change: Partial<AuditQuery>) =>
        (await audit.list({ ...ALL, ...change })).map(({ seq }) => seq);
      expect(await seqs({ limit: 2 })).toEqual([3, 2]);
      expect(await seqs({ before: 2 })).toEqual([1]);
      expect(await seqs({ objectId: "key_2" })).toEqual([2]);
      expect(await seqs({ actorId: "key_admin" })).toEqual([3, 2, 1]);
      expect(await seqs({ actorId: "key_other" })).toEqual([]);
      expect(await seqs({ act: "api_key.revoked" })).toEqual([]);
      expect(await seqs({ since: start + HOUR, until: start + 2 * HOUR })).toEqual([2]);
      expect(await seqs({ tenantId: "ten_other" })).toEqual([]);
      expect((await audit.following("default", 1, 1)).map(({ seq }) => seq)).toEqual([2]);
    });

    test("is signed every thousand entries, and once a day where there is something new", async () => {
      const { audit, makeKey, clock } = await openAuditStage(kind);
      expect(await audit.makeCheckpoints(DAY)).toEqual([]);
      await makeKey("key_1");
      expect(await audit.makeCheckpoints(DAY)).toEqual([]);
      await clock.advance(DAY);
      const made = await audit.makeCheckpoints(DAY);
      expect(made).toMatchObject([{ tenantId: "default", seq: 1, at: clock.now() }]);
      expect(await audit.checkpoints("default")).toEqual(made);
      await clock.advance(DAY);
      expect(await audit.makeCheckpoints(DAY)).toEqual([]);
      for (let index = 2; index <= 1001; index++) await makeKey(`key_${index}`);
      expect((await audit.checkpoints("default")).map(({ seq }) => seq)).toEqual([1, 1001]);
      expect(await verifyChain(audit, AUDIT_KEY, "default")).toEqual({
        tenant: "default",
        entries: 1001,
        checkpoints: 2,
        first_bad_seq: null,
        problem: null,
        signed_up_to: 1001,
      });
    });

    test("takes no change and no deletion", async () => {
      const { audit, makeKey, database, clock } = await openAuditStage(kind);
      await makeKey("key_1");
      await clock.advance(DAY);
      await audit.makeCheckpoints(DAY);
      for (const table of ["audit", "audit_checkpoints"] as const) {
        const changed = database.write((queries) => queries.updateTable(table).set({ at: 1 }).execute());
        await expect(changed).rejects.toThrow(/stays as it is/);
        const deleted = database.write((queries) => queries.deleteFrom(table).execute());
        await expect(deleted).rejects.toThrow(/stays as it is/);
      }
      expect(await verifyChain(audit, AUDIT_KEY, "default")).toMatchObject({ entries: 1, checkpoints: 1 });
    });
  });
}
