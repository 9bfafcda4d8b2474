import { z } from "zod";
import type { RekeyStore } from "../../access/rekey-store.ts";
import { WHO_ACTS } from "../../connection/cause.ts";
import type { OverviewStore } from "../../connection/overview.ts";
import { INCIDENT_KINDS } from "../../incident/incident.ts";
import type { IncidentStore } from "../../incident/store.ts";
import { END_KINDS, upcomingEnds, type EndPorts, type UpcomingEnd } from "../../refresh/upcoming-ends.ts";
import { DAY, SECOND } from "../../runtime/clock.ts";
import { statusSchema } from "../connection-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { rekeySchema, rekeyView } from "../rekey-view.ts";
import type { App } from "../server.ts";
import { tenantOf, tenantParam } from "../tenant-of-query.ts";
import { failures, secured, time, toTime } from "../wire.ts";

const endSchema = z.object({
  connection: z.string(),
  client: z.string(),
  account_label: z.string().nullable(),
  end_user: z.string().nullable(),
  kind: z
    .enum(END_KINDS)
    .describe("Whether the consent ends, also because its client is in a test status, or a refresh token that is kept"),
  at: time,
  who_acts: z.enum(WHO_ACTS),
});

export const overviewSchema = z
  .object({
    connections: z.object({ total: z.int(), by_status: z.record(statusSchema, z.int()) }),
    open_incidents: z.object({ total: z.int(), by_kind: z.record(z.enum(INCIDENT_KINDS), z.int()) }),
    refresh_backlog: z
      .object({ count: z.int(), oldest_overdue_seconds: z.int() })
      .describe("Connections that are due and not refreshed yet, without those of suspended clients"),
    upcoming_ends: z.array(endSchema).describe("In the next 30 days, the soonest first, at most 50"),
    instances_alive: z.int().describe("Processes of the service, whatever the tenant"),
    running_rekeys: z.array(rekeySchema),
  })
  .meta({ id: "Overview" });

export interface OverviewPorts extends Omit<EndPorts, "overview"> {
  overview: OverviewStore;
  incidents: Pick<IncidentStore, "countOpen">;
  rekeys: Pick<RekeyStore, "list">;
}

export function overviewRoute(app: App, portsFor: ForCaller<OverviewPorts>): void {
  app.get(
    "/v1/overview",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "How all connections of a tenant are, at a glance",
        security: secured,
        querystring: z.strictObject({ tenant: tenantParam }),
        response: { 200: overviewSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return overviewOf(portsFor(caller), tenantOf(request.query.tenant, caller));
    },
  );
}

async function overviewOf(ports: OverviewPorts, tenantId: string): Promise<z.infer<typeof overviewSchema>> {
  const { overview, incidents, rekeys } = ports;
  const byStatus = await overview.statuses(tenantId);
  const byKind = await incidents.countOpen(tenantId);
  const backlog = await overview.backlog(tenantId);
  const ends = await upcomingEnds(ports, { tenantId, withinMs: 30 * DAY, limit: 50 });
  const running = (await rekeys.list()).filter((rekey) => rekey.tenantId === tenantId && rekey.finishedAt === null);
  return {
    connections: { total: sum(byStatus), by_status: { ...byStatus } },
    open_incidents: { total: sum(byKind), by_kind: { ...byKind } },
    refresh_backlog: { count: backlog.count, oldest_overdue_seconds: Math.floor(backlog.oldestMs / SECOND) },
    upcoming_ends: ends.map(endView),
    instances_alive: await overview.instances(),
    running_rekeys: running.map(rekeyView),
  };
}

function endView(end: UpcomingEnd): z.infer<typeof endSchema> {
  const { connectionId: connection, clientId: client, accountLabel, endUser, kind, at, whoActs } = end;
  return {
    connection,
    client,
    account_label: accountLabel,
    end_user: endUser,
    kind,
    at: toTime(at),
    who_acts: whoActs,
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
