import { z } from "zod";
import { ACTS, type AuditEntry, type AuditStore } from "../../access/audit.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { tenantOf, tenantParam } from "../tenant-of-query.ts";
import { failures, secured, time, toTime } from "../wire.ts";

const id = z.string().max(300);

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().positive().optional().describe("Only those with a smaller `seq`, for the next page"),
  act: z.enum(ACTS).optional(),
  actor: id.optional().describe("The id of who did it"),
  object: id.optional().describe("The id of what it was done to"),
  since: time.optional(),
  until: time.optional(),
  tenant: tenantParam,
});

export const auditEntrySchema = z
  .object({
    seq: z.int().describe("Counts the acts of the tenant, without gaps"),
    at: time,
    act: z.string(),
    actor: z.object({
      kind: z.string().describe("`api_key`, `operator_session`, `operator`, `user` or `system`"),
      id: z.string().nullable(),
    }),
    object: z.string().nullable(),
    from: z.string().nullable().describe("The address that the request came from"),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    hash: z.string().describe("SHA-256 over the hash of the entry before and this entry; docs/audit.md"),
  })
  .meta({ id: "AuditEntry" });

export function auditRoute(app: App, auditFor: ForCaller<Pick<AuditStore, "list">>): void {
  app.get(
    "/v1/audit",
    {
      config: { scope: "audit:read" },
      schema: {
        summary: "What administrators and API keys changed, newest first",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ entries: z.array(auditEntrySchema), next_before: z.int().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { limit, before, act, actor, object, since, until, tenant } = request.query;
      const caller = callerOf(request);
      const found = await auditFor(caller).list({
        tenantId: tenantOf(tenant, caller),
        limit: limit + 1,
        before: before ?? null,
        act: act ?? null,
        actorId: actor ?? null,
        objectId: object ?? null,
        since: since === undefined ? null : Date.parse(since),
        until: until === undefined ? null : Date.parse(until),
      });
      const page = found.slice(0, limit);
      return { entries: page.map(viewOf), next_before: found.length > limit ? (page.at(-1)?.seq ?? null) : null };
    },
  );
}

function viewOf({ seq, at, name, actor, objectId, from, detail, hash }: AuditEntry): z.infer<typeof auditEntrySchema> {
  return { seq, at: toTime(at), act: name, actor, object: objectId, from, detail: { ...detail }, hash };
}
