import { describe, expect, test } from "vitest";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";
import { clientAt, newConnection } from "../stage/world.ts";

const CONNECTED = { kind: "connected", generation: 1, detail: {} } as const;

interface Made {
  account?: string | null;
  consentedAt?: number | null;
  clientId?: string;
}

async function make({ connections }: StoreStage, id: string, made: Made = {}): Promise<void> {
  const { account = `account-of-${id}`, consentedAt = null, clientId = "cli_1" } = made;
  const connection = {
    ...newConnection(id, clientAt("provider", clientId)),
    account: account === null ? null : { id: account, label: null },
    consentedAt,
  };
  await connections.create(connection, tokenRecord(1), null, CONNECTED);
}

async function reject(stage: StoreStage, id: string): Promise<void> {
  await stage.connections.reject({
    claim: await stage.claim(id),
    diagnosis: { cause: "unknown", confidence: "possible", evidence: {} },
    history: { kind: "reauthorization_required", generation: 1, detail: {} },
    confirmAfterMs: null,
    brake: { windowMs: 1, tolerated: 100, patienceMs: 1, backoffMs: 1 },
  });
}

/** What every database has to know of the connections around one. */
export function connectionCompanyContract(kind: DatabaseKind): void {
  describe(`the company of a connection on ${kind.name}`, () => {
    test("are the others of its tenant and client, and those that were rejected lately", async () => {
      const stage = await openStoreStage(kind);
      for (const id of ["con_1", "con_2", "con_3", "con_4"]) await make(stage, id);
      await reject(stage, "con_2");
      await stage.clock.advance(1000);
      const since = stage.clock.now();
      await stage.clock.advance(1000);
      await reject(stage, "con_1");
      await reject(stage, "con_3");
      const company = await stage.connections.company("con_1", since);
      expect(company).toMatchObject({ ofTenant: 3, rejectedOfTenant: 1 });
    });

    test("are the connections of the same account, and those that were consented to later", async () => {
      const stage = await openStoreStage(kind);
      await make(stage, "con_1", { account: "ann", consentedAt: 5 });
      await make(stage, "con_2", { account: "ann", consentedAt: 4 });
      await make(stage, "con_3", { account: "ann", consentedAt: 6 });
      await make(stage, "con_4", { account: "ann", consentedAt: 7 });
      await make(stage, "con_5", { account: "bob", consentedAt: 8 });
      await stage.connections.disconnect("con_4", { kind: "disconnected", generation: 1, detail: {} });
      expect(await stage.connections.company("con_1", 0)).toMatchObject({ ofAccount: 3, laterOfAccount: 1 });
    });

    test("are none for a connection whose account is not known", async () => {
      const stage = await openStoreStage(kind);
      await make(stage, "con_1", { account: null });
      await make(stage, "con_2", { account: null });
      expect(await stage.connections.company("con_1", 0)).toEqual({
        ofTenant: 1,
        rejectedOfTenant: 0,
        ofAccount: 0,
        laterOfAccount: 0,
      });
    });
  });
}
