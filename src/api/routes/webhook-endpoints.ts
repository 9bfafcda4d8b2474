import { z } from "zod";
import { EVENT_TYPES } from "../../event/event.ts";
import type { SendOutcome } from "../../event/webhook-delivery.ts";
import {
  LONGEST_URL,
  MOST_ENDPOINTS,
  type EndpointChange,
  type WebhookEndpoint,
  type WebhookStore,
} from "../../event/webhook-endpoint.ts";
import { mintWebhookSecret, webhookSecretAddress } from "../../event/webhook-secret.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Random } from "../../runtime/random.ts";
import type { Sealer } from "../../runtime/sealer.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { requireOperator } from "../operator.ts";
import type { App } from "../server.ts";
import { endpointSchema, endpointView, newEndpointSchema, testedSchema, testedView } from "../webhook-view.ts";
import { requireWebhookUrl, type RefusedUrl } from "../webhook-url.ts";
import { failures, idParams, secured } from "../wire.ts";

const url = z.string().max(LONGEST_URL);
const events = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .nullable()
  .describe("Null for all, also those that a later version adds");
const description = z.string().trim().max(200);
const allTenants = z.boolean().describe("It hears of every tenant, which only the operator's can");

const createBody = z.strictObject({
  url,
  events: events.default(null),
  description: description.default(""),
  all_tenants: allTenants.default(false),
});

const changeBody = z.strictObject({
  url: url.optional(),
  events: events.optional(),
  description: description.optional(),
  all_tenants: allTenants.optional(),
  status: z.enum(["enabled", "disabled"]).optional().describe("Enabled, it begins as one that never failed"),
});

export interface WebhookRouteDeps {
  webhooks: WebhookStore;
  sealer: Sealer;
  clock: Clock;
  random: Random;
  acting: Acting;
  refusedUrl: RefusedUrl;
  /** Sends a message that says nothing, to see whether it arrives. */
  testWebhook: (endpoint: WebhookEndpoint) => Promise<SendOutcome>;
}

export function webhookEndpointRoutes(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  createRoute(app, depsFor);
  readingRoutes(app, depsFor);
  changeRoute(app, depsFor);
  removeRoute(app, depsFor);
  testRoute(app, depsFor);
}

function createRoute(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.post(
    "/v1/webhook-endpoints",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Hear of events at an address of yours",
        description: "Messages are signed as Standard Webhooks says. docs/events.md has the events and how to verify.",
        security: secured,
        body: createBody,
        response: { 201: newEndpointSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const deps = depsFor(caller);
      const { clock, random, sealer } = deps;
      const { all_tenants: hearsAll, ...body } = request.body;
      requireWebhookUrl(deps.refusedUrl, body.url);
      if (hearsAll) requireOperator(caller, OPERATORS);
      await requireRoom(deps, tenantId);
      const id = createId("whe", clock, random);
      const secretId = createId("whs", clock, random);
      const secret = mintWebhookSecret(random);
      const sealed = await sealer.seal(webhookSecretAddress(tenantId, secretId), secret);
      const { webhooks } = deps.acting(actOf(request, "webhook_endpoint.created", id));
      await webhooks.create({ id, tenantId, allTenants: hearsAll, ...body }, { id: secretId, sealed });
      void reply.header("cache-control", "no-store");
      const made = await viewOf(deps, await findEndpoint(deps, tenantId, id));
      return reply.status(201).send({ ...made, secret: secret.reveal() });
    },
  );
}

const OPERATORS = "Only the operator's endpoints hear of every tenant: this takes a key of the first tenant.";

async function requireRoom({ webhooks }: WebhookRouteDeps, tenantId: string): Promise<void> {
  if ((await webhooks.list(tenantId)).length < MOST_ENDPOINTS) return;
  throw new ServiceError(
    "limit_reached",
    `There may be ${MOST_ENDPOINTS} webhook endpoints here, and there are. Remove one that is not needed.`,
  );
}

function readingRoutes(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.get(
    "/v1/webhook-endpoints",
    {
      config: { scope: "webhooks:read" },
      schema: {
        summary: "Webhook endpoints, oldest first",
        security: secured,
        response: { 200: z.object({ webhook_endpoints: z.array(endpointSchema) }), ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const found = await deps.webhooks.list(caller.tenantId);
      return { webhook_endpoints: await Promise.all(found.map((endpoint) => viewOf(deps, endpoint))) };
    },
  );

  app.get(
    "/v1/webhook-endpoints/:id",
    {
      config: { scope: "webhooks:read" },
      schema: {
        summary: "One webhook endpoint",
        security: secured,
        params: idParams,
        response: { 200: endpointSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      return viewOf(deps, await findEndpoint(deps, caller.tenantId, request.params.id));
    },
  );
}

function changeRoute(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.patch(
    "/v1/webhook-endpoints/:id",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Change a webhook endpoint",
        description:
          "While it is disabled it is sent nothing. What was on its way goes on when it is enabled; a replay brings what came since.",
        security: secured,
        params: idParams,
        body: changeBody,
        response: { 200: endpointSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await findEndpoint(deps, caller.tenantId, request.params.id);
      const change = changeOf(request.body);
      if (change.url !== undefined) requireWebhookUrl(deps.refusedUrl, change.url);
      if (change.allTenants === true) requireOperator(caller, OPERATORS);
      const act = actOf(request, "webhook_endpoint.changed", id, { fields: Object.keys(request.body).join(" ") });
      await deps.acting(act).webhooks.change(id, change);
      return viewOf(deps, await findEndpoint(deps, caller.tenantId, id));
    },
  );
}

function changeOf({ all_tenants: hearsAll, ...rest }: z.infer<typeof changeBody>): EndpointChange {
  const given = { ...rest, allTenants: hearsAll };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function removeRoute(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.delete(
    "/v1/webhook-endpoints/:id",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Remove a webhook endpoint, with what is still on its way to it",
        security: secured,
        params: idParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await findEndpoint(deps, caller.tenantId, request.params.id);
      await deps.acting(actOf(request, "webhook_endpoint.deleted", id)).webhooks.remove(id);
      return reply.status(204).send(null);
    },
  );
}

function testRoute(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.post(
    "/v1/webhook-endpoints/:id/test",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Send a message of the type webhook.test, once, and say what came of it",
        security: secured,
        params: idParams,
        response: { 200: testedSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      return testedView(await deps.testWebhook(await findEndpoint(deps, caller.tenantId, request.params.id)));
    },
  );
}

export async function findEndpoint(
  { webhooks }: Pick<WebhookRouteDeps, "webhooks">,
  tenantId: string,
  id: string,
): Promise<WebhookEndpoint> {
  const endpoint = await webhooks.find(id);
  if (endpoint?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such webhook endpoint.");
  return endpoint;
}

async function viewOf({ webhooks }: WebhookRouteDeps, endpoint: WebhookEndpoint) {
  return endpointView(endpoint, await webhooks.secrets(endpoint.id));
}
