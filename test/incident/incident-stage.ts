import { onTestFinished } from "vitest";
import type { OutboxEvent } from "../../src/event/event.ts";
import type { Incident } from "../../src/incident/incident.ts";
import type { IncidentStore } from "../../src/incident/store.ts";
import { watchIncidents } from "../../src/incident/watch.ts";
import { createIncidentStore } from "../../src/store/incidents.ts";
import { createOutboxStore } from "../../src/store/outbox.ts";
import { openEngineStage, type EngineStage, type EngineStageOptions } from "../stage/engine-stage.ts";

/** An engine stage on which somebody looks after incidents. */
export interface IncidentStage extends EngineStage {
  incidents: IncidentStore;
  /** The newest first. */
  all(): Promise<Incident[]>;
  statuses(ids: readonly string[]): Promise<Record<string, number>>;
  /** Those that would be told now. */
  told(): Promise<OutboxEvent[]>;
  toldTypes(): Promise<string[]>;
}

export async function openIncidentStage(options: EngineStageOptions = {}): Promise<IncidentStage> {
  const stage = await openEngineStage(options);
  const { clock, random, observer, database } = stage;
  const incidents = createIncidentStore(database);
  const outbox = createOutboxStore(database);
  const watch = watchIncidents({ clock, random, observer, incidents });
  watch.start();
  onTestFinished(() => watch.stop());
  const told = () => outbox.pending(10_000);
  return {
    ...stage,
    incidents,
    all: () => incidents.list({ tenantId: "default", limit: 100, before: null, state: null }),
    told,
    toldTypes: async () => (await told()).map(({ type }) => type),
    statuses: async (ids) => {
      const counts: Record<string, number> = {};
      for (const id of ids) {
        const { status } = (await stage.held(id)).connection;
        counts[status] = (counts[status] ?? 0) + 1;
      }
      return counts;
    },
  };
}
