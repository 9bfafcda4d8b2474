import type { Diagnosis } from "../../src/connection/cause.ts";
import type { IncidentStore, Look } from "../../src/incident/store.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createIncidentStore } from "../../src/store/incidents.ts";
import { createOutboxStore } from "../../src/store/outbox.ts";
import { expect } from "vitest";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, type StoreStage } from "../stage/store-stage.ts";

export const REJECTED: Diagnosis = { cause: "unknown", confidence: "possible", evidence: { code: "invalid_grant" } };
const HISTORY = { kind: "reauthorization_required", generation: 1, detail: { cause: "unknown" } } as const;
const BRAKE = { windowMs: 5 * MINUTE, tolerated: 100, patienceMs: HOUR, backoffMs: 0 };

export interface IncidentStage extends StoreStage {
  incidents: IncidentStore;
  look(): Promise<Look>;
  all(tenantId?: string): ReturnType<IncidentStore["list"]>;
  /** The newest rejection ends it, or is held by the brake. */
  reject(id: string, how?: { isHeld?: boolean; diagnosis?: Diagnosis; generation?: number }): Promise<string>;
  heal(id: string, generation?: number): Promise<unknown>;
  told(): Promise<string[]>;
}

/** Connections `con_1` to `con_6` of one client. */
export async function openIncidentStage(kind: DatabaseKind): Promise<IncidentStage> {
  const stage = await openStoreStage(kind);
  for (let n = 1; n <= 6; n++) await stage.create(`con_${n}`);
  const incidents = createIncidentStore(stage.database);
  const outbox = createOutboxStore(stage.database);
  let made = 0;
  return {
    ...stage,
    incidents,
    look: () => incidents.look(() => `inc_${++made}`),
    all: (tenantId = "default") => incidents.list({ tenantId, limit: 100, before: null, state: null }),
    reject: async (id, { isHeld = false, diagnosis = REJECTED, generation = 1 } = {}) =>
      stage.connections.reject({
        claim: await stage.claim(id, { generation }),
        diagnosis,
        history: { ...HISTORY, generation },
        confirmAfterMs: null,
        brake: isHeld ? { ...BRAKE, tolerated: 0 } : null,
      }),
    heal: async (id, generation = 2) =>
      stage.connections.commit(commitOf(id, generation), await stage.claim(id, { generation: generation - 1 })),
    told: async () =>
      (await outbox.pending(100)).map(({ type }) => type).filter((type) => type !== "connection.created"),
  };
}

/** `con_1` to `con_3` were ended at once, and are in an incident that is not decided. */
export async function openWithIncident(kind: DatabaseKind): Promise<IncidentStage> {
  const stage = await openIncidentStage(kind);
  for (const id of ["con_1", "con_2", "con_3"]) await stage.reject(id);
  expect((await stage.look()).opened).toHaveLength(1);
  return stage;
}
