import { z } from "zod";
import type { Client, ClientStore } from "../../client/client.ts";
import type { IncidentStore } from "../../incident/store.ts";
import type { OpenBreakers } from "../../refresh/open-breakers.ts";
import {
  beginOf,
  quantile,
  REFRESH_OUTCOMES,
  STEPS,
  sum,
  type RefreshCount,
  type RefreshCountStore,
} from "../../refresh/refresh-counts.ts";
import { DAY, HOUR, MINUTE, type Clock } from "../../runtime/clock.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { tenantOf, tenantParam } from "../tenant-of-query.ts";
import { failures, secured, time, toTime } from "../wire.ts";

const STEP_OF = { minute: MINUTE, hour: HOUR, day: DAY } as const;
const STEP_NAMES = ["minute", "hour", "day"] as const;
/** Of the longest step of the finest kind, and of what is kept. */
const MOST_POINTS = 1000;

const seriesQuery = z.strictObject({
  from: time,
  to: time,
  step: z.enum(STEP_NAMES).describe("Minutes are kept for 3 hours, hours and days (in UTC) for 30 days"),
  client: z.string().max(100).optional(),
  provider: z.string().max(100).optional(),
  tenant: tenantParam,
});

const outcomesSchema = z.record(z.enum(REFRESH_OUTCOMES), z.int());

export const refreshSeriesSchema = z
  .object({
    step: z.enum(STEP_NAMES),
    points: z
      .array(z.object({ at: time, requests: z.int(), outcomes: outcomesSchema }))
      .describe("One for each step from the one of `from` on and before `to`, with none where nothing was sent"),
  })
  .meta({ id: "RefreshSeries" });

const numbers = {
  requests: z.int(),
  outcomes: outcomesSchema,
  errors: z.number().describe("The share of requests that brought no token set; 0 without any"),
  p50_ms: z.int().nullable(),
  p95_ms: z.int().nullable(),
};

export const refreshHealthSchema = z
  .object({
    providers: z.array(z.object({ provider: z.string(), ...numbers })),
    clients: z.array(
      z.object({
        client: z.string(),
        provider: z.string(),
        ...numbers,
        breaker_open: z.boolean().describe("The server does not answer the instance that was asked, which waits"),
        braked: z.boolean().describe("Rejections are not believed yet, because there are too many at once"),
        suspended: z.boolean(),
      }),
    ),
  })
  .meta({ id: "RefreshHealth" });

export interface RefreshRoutePorts {
  refreshCounts: RefreshCountStore;
  clients: Pick<ClientStore, "find">;
  incidents: Pick<IncidentStore, "list">;
  openBreakers: Pick<OpenBreakers, "has">;
  clock: Clock;
}

export function refreshRoutes(app: App, portsFor: ForCaller<RefreshRoutePorts>): void {
  app.get(
    "/v1/refreshes/series",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Token requests over time, by how they ended",
        description: "Counted when they are answered, and shown within a minute.",
        security: secured,
        querystring: seriesQuery,
        response: { 200: refreshSeriesSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { step: name, client, provider, tenant } = request.query;
      const step = STEP_OF[name];
      const from = beginOf(Date.parse(request.query.from), step);
      const to = Date.parse(request.query.to);
      if ((to - from) / step > MOST_POINTS) {
        throw new ServiceError("invalid_request", `A series has at most ${MOST_POINTS} points: take a longer step.`);
      }
      const counts = await portsFor(caller).refreshCounts.series({
        tenantId: tenantOf(tenant, caller),
        step: STEPS.findLast((each) => each.step <= step)?.step ?? MINUTE,
        from,
        to,
        ...(client !== undefined && { clientId: client }),
        ...(provider !== undefined && { providerId: provider }),
      });
      return { step: name, points: pointsOf(counts, { from, to, step }) };
    },
  );

  app.get(
    "/v1/refreshes/health",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Token requests of the last hour, by provider and by client",
        security: secured,
        querystring: z.strictObject({ tenant: tenantParam }),
        response: { 200: refreshHealthSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return healthOf(portsFor(caller), tenantOf(request.query.tenant, caller));
    },
  );
}

function pointsOf(
  counts: readonly Pick<RefreshCount, "at" | "outcome" | "count">[],
  { from, to, step }: { from: number; to: number; step: number },
) {
  const byPoint = grouped(counts, ({ at }) => beginOf(at, step));
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, index) => {
    const at = from + index * step;
    const found = byPoint.get(at) ?? [];
    return { at: toTime(at), requests: sum(found), outcomes: outcomesOf(found) };
  });
}

async function healthOf(ports: RefreshRoutePorts, tenantId: string): Promise<z.infer<typeof refreshHealthSchema>> {
  const now = ports.clock.now();
  const counts = await ports.refreshCounts.byClient({ tenantId, step: MINUTE, from: now - HOUR, to: now });
  const braked = await brakedClients(ports, tenantId);
  const clients = [];
  for (const [id, found] of grouped(counts, ({ clientId }) => clientId)) {
    const client = await ports.clients.find(id);
    if (client) clients.push({ client, found });
  }
  const byProvider = grouped(clients, ({ client }) => client.providerId);
  return {
    providers: [...byProvider].map(([provider, of]) => ({
      provider,
      ...numbersOf(of.flatMap(({ found }) => found)),
    })),
    clients: clients.map(({ client, found }) => ({
      client: client.id,
      provider: client.providerId,
      ...numbersOf(found),
      ...stateOf(ports, client, braked),
    })),
  };
}

function stateOf({ openBreakers }: RefreshRoutePorts, { id, suspension }: Client, braked: ReadonlySet<string>) {
  return { breaker_open: openBreakers.has(id), braked: braked.has(id), suspended: suspension !== null };
}

const MOST_INCIDENTS = 200;

/** Those whose rejections nobody has believed yet. */
async function brakedClients({ incidents }: RefreshRoutePorts, tenantId: string): Promise<Set<string>> {
  const page = { tenantId, limit: MOST_INCIDENTS, before: null };
  const open = await incidents.list({ ...page, state: "open" });
  const acknowledged = await incidents.list({ ...page, state: "acknowledged" });
  const undecided = [...open, ...acknowledged].filter(
    ({ kind, verdict }) => kind === "rejections" && verdict === "undecided",
  );
  return new Set(undecided.flatMap(({ clientId }) => clientId ?? []));
}

function numbersOf(counts: readonly Pick<RefreshCount, "outcome" | "speed" | "count">[]) {
  const requests = sum(counts);
  const outcomes = outcomesOf(counts);
  return {
    requests,
    outcomes,
    errors: requests === 0 ? 0 : 1 - outcomes.succeeded / requests,
    p50_ms: quantile(counts, 0.5),
    p95_ms: quantile(counts, 0.95),
  };
}

function outcomesOf(counts: readonly Pick<RefreshCount, "outcome" | "count">[]) {
  const of = (outcome: RefreshCount["outcome"]) => sum(counts.filter((each) => each.outcome === outcome));
  return {
    succeeded: of("succeeded"),
    rejected: of("rejected"),
    client_fault: of("client_fault"),
    retry_later: of("retry_later"),
    lost: of("lost"),
  };
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
