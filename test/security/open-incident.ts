import { openRaw } from "../stage/raw-database.ts";
import type { Stage } from "../stage/stage.ts";

export const INCIDENT = `inc_${"1".repeat(26)}`;

/** An incident of the first tenant, as if connections had just failed together. It gives the id. */
export function openIncident({ settings, clock }: Stage): string {
  const database = openRaw(`${settings.dataDir}/evergrant.db`);
  database.exec(incidentOf("default", clock.now()));
  database.close();
  return INCIDENT;
}

/** The statement that makes a tenant's incident. */
export function incidentOf(tenantId: string, at: number): string {
  const evidence = JSON.stringify({ codes: {}, causes: {}, attempts: null, alsoOpen: {} });
  const now = Math.floor(at);
  return `insert into incidents (id, tenant_id, kind, scope, state, cause, evidence, affected, recovered,
    opened_at, first_seen, last_seen) values ('${INCIDENT}', '${tenantId}', 'rejections', 'client:cli_none', 'open',
    'unknown', '${evidence}', 0, 0, ${now}, ${now}, ${now})`;
}
