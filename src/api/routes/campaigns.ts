import { z } from "zod";
import type { Campaign, CampaignStore, CampaignTarget } from "../../incident/campaign.ts";
import type { ClientStore } from "../../client/client.ts";
import { HOUR, type Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Random } from "../../runtime/random.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import {
  campaignDetailSchema,
  campaignDetailView,
  campaignMemberSchema,
  campaignMemberView,
  campaignPreviewSchema,
  campaignSchema,
  campaignView,
  quietHoursSchema,
  remindersSchema,
} from "../campaign-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured } from "../wire.ts";

const someId = z.string().min(1).max(100);

const startBody = z
  .strictObject({
    incident: someId.optional().describe("Those that it affects"),
    client: someId.optional().describe("All of this client"),
    to_client: someId
      .optional()
      .describe(
        "With a client: all its connections move to this one of the same provider, by their users' next consent",
      ),
    connections: z.array(someId).min(1).max(1000).optional(),
    remind_after_hours: remindersSchema.default([72, 168]).describe("After the first time"),
    quiet_hours: quietHoursSchema.nullish(),
  })
  .refine(
    ({ incident, client, connections }) =>
      [incident, client, connections].filter((target) => target !== undefined).length === 1,
    "takes one of incident, client and connections",
  )
  .refine(({ client, to_client: to }) => to === undefined || (client !== undefined && client !== to), {
    path: ["to_client"],
    message: "goes with another client",
  });

const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().max(100).optional(),
  incident: someId.optional().describe("Only those for this incident"),
});

const previewQuery = z
  .strictObject({ incident: someId.optional(), client: someId.optional(), to_client: someId.optional() })
  .refine(
    ({ incident, client }) => (incident === undefined) !== (client === undefined),
    "takes an incident or a client",
  )
  .refine(({ client, to_client: to }) => to === undefined || (client !== undefined && client !== to), {
    path: ["to_client"],
    message: "goes with another client",
  });

const membersQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(100).optional(),
});

export interface CampaignRouteDeps {
  campaigns: CampaignStore;
  clients: Pick<ClientStore, "find">;
  clock: Clock;
  random: Random;
  acting: Acting;
}

export function campaignRoutes(app: App, depsFor: ForCaller<CampaignRouteDeps>): void {
  startRoute(app, depsFor);
  previewRoute(app, depsFor);
  readingRoutes(app, depsFor);
  cancelRoute(app, depsFor);
}

function startRoute(app: App, depsFor: ForCaller<CampaignRouteDeps>): void {
  app.post(
    "/v1/campaigns",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Ask the users of some connections to sign in again",
        description:
          "Takes those that wait for their users and that no other campaign asks. Each user is asked once, by an event with a link, and then reminded until the connection is well.",
        security: secured,
        body: startBody,
        response: { 201: campaignDetailSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { body } = request;
      const target = targetOf(body);
      await requireTarget(deps, caller, target);
      const quiet = body.quiet_hours;
      const plan = {
        id: createId("cam", deps.clock, deps.random),
        tenantId: caller.tenantId,
        incidentId: target.kind === "incident" ? target.incidentId : null,
        clientId: target.kind === "client" || target.kind === "move" ? target.clientId : null,
        toClientId: target.kind === "move" ? target.toClientId : null,
        remindAfter: body.remind_after_hours.map((hours) => hours * HOUR),
        quietHours: quiet ? { from: quiet.from, to: quiet.to, timeZone: quiet.time_zone } : null,
      };
      const act = actOf(request, "campaign.started", plan.id, { target: target.kind });
      await deps.acting(act).campaigns.start(plan, target);
      return reply.status(201).send(await detail(deps, await find(deps, caller, plan.id)));
    },
  );
}

function previewRoute(app: App, depsFor: ForCaller<CampaignRouteDeps>): void {
  app.get(
    "/v1/campaigns/preview",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "How many users a campaign would ask, if it was started now",
        security: secured,
        querystring: previewQuery,
        response: { 200: campaignPreviewSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const target = targetOf(request.query);
      await requireTarget(deps, caller, target);
      return deps.campaigns.preview(caller.tenantId, target);
    },
  );
}

type Target = Pick<z.infer<typeof startBody>, "incident" | "client" | "to_client" | "connections">;

function targetOf({ incident, client, to_client, connections }: Target): CampaignTarget {
  if (client !== undefined && to_client !== undefined) return { kind: "move", clientId: client, toClientId: to_client };
  if (incident !== undefined) return { kind: "incident", incidentId: incident };
  if (client !== undefined) return { kind: "client", clientId: client };
  return { kind: "connections", connectionIds: connections ?? [] };
}

/** Of connections, those that the tenant has are taken. */
async function requireTarget(
  deps: Pick<CampaignRouteDeps, "clients">,
  { tenantId }: { tenantId: string },
  target: CampaignTarget,
): Promise<void> {
  if (target.kind === "connections" || target.kind === "incident") return;
  const from = await findClient(deps, tenantId, target.clientId);
  if (target.kind === "client") return;
  const to = await findClient(deps, tenantId, target.toClientId);
  if (from.providerId === to.providerId) return;
  throw new ServiceError("invalid_request", "Connections move to another client of the same provider only.");
}

async function findClient({ clients }: Pick<CampaignRouteDeps, "clients">, tenantId: string, id: string) {
  const client = await clients.find(id);
  if (client?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such client.");
  return client;
}

function readingRoutes(app: App, depsFor: ForCaller<CampaignRouteDeps>): void {
  app.get(
    "/v1/campaigns",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Campaigns, newest first",
        security: secured,
        querystring: pageQuery,
        response: {
          200: z.object({ campaigns: z.array(campaignSchema), next_before: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { limit, before = null, incident: incidentId = null } = request.query;
      const { tenantId } = caller;
      const found = await depsFor(caller).campaigns.list({ tenantId, incidentId, limit: limit + 1, before });
      const page = found.slice(0, limit);
      return {
        campaigns: page.map(campaignView),
        next_before: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    "/v1/campaigns/:id",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "One campaign, and how it goes",
        security: secured,
        params: idParams,
        response: { 200: campaignDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      return detail(deps, await find(deps, caller, request.params.id));
    },
  );

  app.get(
    "/v1/campaigns/:id/connections",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "The connections of a campaign, and what became of each",
        security: secured,
        params: idParams,
        querystring: membersQuery,
        response: {
          200: z.object({ connections: z.array(campaignMemberSchema), next_after: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id: campaignId } = await find(deps, caller, request.params.id);
      const { limit, after = null } = request.query;
      const found = await deps.campaigns.members(campaignId, { limit: limit + 1, after });
      const page = found.slice(0, limit);
      return {
        connections: page.map(campaignMemberView),
        next_after: found.length > limit ? (page.at(-1)?.connectionId ?? null) : null,
      };
    },
  );
}

function cancelRoute(app: App, depsFor: ForCaller<CampaignRouteDeps>): void {
  app.post(
    "/v1/campaigns/:id/cancel",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Ask nobody any more",
        security: secured,
        params: idParams,
        response: { 200: campaignDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const campaign = await find(deps, caller, request.params.id);
      const act = actOf(request, "campaign.cancelled", campaign.id);
      if (!(await deps.acting(act).campaigns.cancel(campaign.id))) {
        throw new ServiceError("conflict", "This campaign is over already.");
      }
      return detail(deps, await find(deps, caller, campaign.id));
    },
  );
}

async function find(
  { campaigns }: Pick<CampaignRouteDeps, "campaigns">,
  { tenantId }: { tenantId: string },
  campaignId: string,
): Promise<Campaign> {
  const campaign = await campaigns.find(campaignId);
  if (campaign?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such campaign.");
  return campaign;
}

async function detail({ campaigns }: Pick<CampaignRouteDeps, "campaigns">, campaign: Campaign) {
  return campaignDetailView(campaign, await campaigns.report(campaign.id));
}
