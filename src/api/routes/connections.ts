import { z } from "zod";
import { disconnect } from "../../connect/disconnect.ts";
import type { ConnectPorts } from "../../connect/ports.ts";
import { CAUSES } from "../../connection/cause.ts";
import type { ConnectionQuery, Snapshot } from "../../connection/store.ts";
import { changePolicy } from "../../refresh/change-policy.ts";
import { checkConnection } from "../../refresh/check.ts";
import { requireScopes } from "../../refresh/require-scopes.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import {
  connectionDetailSchema,
  connectionSchema,
  policySchema,
  connectionView,
  historySchema,
  historyView,
  statusSchema,
} from "../connection-view.ts";
import { describeConnection } from "../describe-connection.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { tenantOf, tenantParam } from "../tenant-of-query.ts";
import { failures, idParams, labels, scopes, secured, time } from "../wire.ts";

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(100).optional(),
  tenant: tenantParam,
  status: statusSchema.optional(),
  cause: z.enum(CAUSES).optional().describe("Of the diagnosis that is shown"),
  client: z.string().max(100).optional(),
  provider: z.string().max(100).optional(),
  label: z
    .string()
    .max(300)
    .regex(/^[^:]+:/, "a name, a colon and a value")
    .optional()
    .describe("`name:value`; the name ends at the first colon"),
  q: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("A part of the connection's id, the account's id or label, or `end_user`, in any case"),
  proven_before: time.optional().describe("Only those that the provider has not confirmed since then"),
  sort: z
    .enum(["created_at", "last_proven_at", "status_since"])
    .default("created_at")
    .describe(
      "Oldest first; by `last_proven_at`, those come first that were never proven; by `status_since`, those whose status changed last, their client's suspension left aside",
    ),
});

const historyQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().positive().optional(),
});

export function connectionRoutes(app: App, portsFor: ForCaller<ConnectPorts & { acting: Acting }>): void {
  readingRoutes(app, portsFor);
  changingRoutes(app, portsFor);
  provingRoutes(app, portsFor);
}

function readingRoutes(app: App, portsFor: ForCaller<ConnectPorts>): void {
  app.get(
    "/v1/connections",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Connections, a page at a time",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ connections: z.array(connectionSchema), next_after: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { limit } = request.query;
      const caller = callerOf(request);
      const found = await portsFor(caller).connections.list({
        ...queryOf(request.query),
        tenantId: tenantOf(request.query.tenant, caller),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const nextAfter = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { connections: page.map(connectionView), next_after: nextAfter };
    },
  );

  app.get(
    "/v1/connections/:id",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "One connection",
        security: secured,
        params: idParams,
        response: { 200: connectionDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      return describeConnection(ports, await find(ports, caller.tenantId, request.params.id));
    },
  );

  app.get(
    "/v1/connections/:id/history",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "What happened to a connection, newest first",
        security: secured,
        params: idParams,
        querystring: historyQuery,
        response: { 200: z.object({ history: z.array(historySchema) }), ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const { connection } = await find(ports, caller.tenantId, request.params.id);
      const { limit, before } = request.query;
      const entries = await ports.connections.history(connection.id, { limit, before: before ?? null });
      return { history: entries.map(historyView) };
    },
  );
}

const ORDERS = { created_at: "made", last_proven_at: "proven", status_since: "changed" } as const;

function queryOf(asked: z.infer<typeof listQuery>): Omit<ConnectionQuery, "tenantId" | "limit"> {
  const { after, status, client, cause, provider, label, q, sort, proven_before: provenBefore } = asked;
  return {
    after: after ?? null,
    status: status ?? null,
    clientId: client ?? null,
    order: ORDERS[sort],
    ...(provenBefore !== undefined && { provenBefore: Date.parse(provenBefore) }),
    ...(q !== undefined && { search: q }),
    ...(cause !== undefined && { cause }),
    ...(provider !== undefined && { providerId: provider }),
    ...(label !== undefined && { label: pairOf(label) }),
  };
}

function pairOf(label: string): [name: string, value: string] {
  const colon = label.indexOf(":");
  return [label.slice(0, colon), label.slice(colon + 1)];
}

function changingRoutes(app: App, portsFor: ForCaller<ConnectPorts & { acting: Acting }>): void {
  app.patch(
    "/v1/connections/:id",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Change a connection's labels, when it is refreshed, or which scopes it needs",
        security: secured,
        params: idParams,
        body: z.strictObject({
          labels: labels.optional(),
          policy: policySchema.optional(),
          required_scopes: scopes.optional().describe("What it needs from now on, beside what its client requires"),
        }),
        response: { 200: connectionDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const ports = portsFor(caller);
      const { acting } = ports;
      const { connection } = await find(ports, tenantId, request.params.id);
      const { labels: changed, policy, required_scopes: required } = request.body;
      if (changed) {
        const act = actOf(request, "connection.labels_changed", connection.id);
        await acting(act).connections.setLabels(connection.id, changed);
      }
      if (policy) {
        const { connections } = acting(actOf(request, "connection.policy_changed", connection.id, { policy }));
        await changePolicy({ ...ports, connections }, connection.id, policy);
      }
      if (required) {
        const { connections } = acting(actOf(request, "connection.scopes_changed", connection.id));
        await requireScopes({ ...ports, connections }, connection.id, required);
      }
      return describeConnection(ports, await find(ports, tenantId, connection.id));
    },
  );

  app.delete(
    "/v1/connections/:id",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Revoke a connection's tokens at the provider and delete them here",
        security: secured,
        params: idParams,
        response: {
          200: z.object({
            id: z.string(),
            status: z.literal("disconnected"),
            revocation: z.enum(["revoked", "unsupported", "failed", "nothing_to_revoke"]),
            detail: z.string(),
          }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const { connections } = ports.acting(actOf(request, "connection.disconnected", id));
      const { tenantId } = caller;
      const result = await disconnect({ ...ports, connections }, { tenantId, connectionId: id });
      return { id, status: "disconnected" as const, ...result };
    },
  );
}

function provingRoutes(app: App, portsFor: ForCaller<ConnectPorts>): void {
  app.post(
    "/v1/connections/:id/refresh",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Refresh now",
        security: secured,
        params: idParams,
        response: { 200: connectionDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const ports = portsFor(caller);
      const { connection, tokens } = await find(ports, tenantId, request.params.id);
      const { generation } = tokens;
      await ports.refresher.refresh({ connectionId: connection.id, generation, origin: "manual" });
      return describeConnection(ports, await find(ports, tenantId, connection.id));
    },
  );

  app.post(
    "/v1/connections/:id/check",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Ask the provider whether the connection works",
        security: secured,
        params: idParams,
        response: {
          200: z.object({ connection: connectionSchema, proven_by: z.enum(["userinfo", "refresh"]).nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, connectionId: request.params.id };
      const { connection, provenBy } = await checkConnection(portsFor(caller), asked);
      return { connection: connectionView(connection), proven_by: provenBy };
    },
  );
}

/** A foreign connection is answered like one that does not exist. */
export async function find(ports: Pick<ConnectPorts, "connections">, tenantId: string, id: string): Promise<Snapshot> {
  const held = await ports.connections.snapshot(id);
  if (held?.connection.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  return held;
}
