import { auditRecord } from "../../access/audit-chain.ts";
import type { AuditStore } from "../../access/audit.ts";
import type { Output } from "../terminal/output.ts";
import { withAudit } from "./open-audit.ts";

const AT_ONCE = 500;

/** Prints every act as a line of JSON, chain by chain and in order, with its hash. */
export function exportAudit(
  output: Output,
  environment: NodeJS.ProcessEnv,
  { tenant, after }: { tenant: string | undefined; after: number },
): Promise<void> {
  return withAudit(environment, async (audit) => {
    const tenants = tenant === undefined ? await audit.tenants() : [tenant];
    for (const each of tenants) await output.lines(chainOf(audit, each, after));
  });
}

async function* chainOf(audit: Pick<AuditStore, "following">, tenant: string, start: number) {
  for (let after = start; ;) {
    const entries = await audit.following(tenant, after, AT_ONCE);
    for (const entry of entries) yield { ...auditRecord(entry), hash: entry.hash };
    if (entries.length < AT_ONCE) return;
    after = entries.at(-1)?.seq ?? after;
  }
}
