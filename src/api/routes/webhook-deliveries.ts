import { z } from "zod";
import { DELIVERY_STATES, type DeliveryStore } from "../../event/webhook-delivery.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { deliverySchema, deliveryView, replayedSchema } from "../webhook-view.ts";
import { failures, idParams, secured, time, toTimeOrNull } from "../wire.ts";
import { findEndpoint, type WebhookRouteDeps } from "./webhook-endpoints.ts";

/** Events of one call. */
const MOST_REPLAYED = 1000;

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().max(100).optional(),
  state: z.enum(DELIVERY_STATES).optional(),
});

const replayBody = z.strictObject({
  since: time,
  until: time.optional(),
  state: z.literal("given_up").optional().describe("Only those that were given up"),
});

const deliveryParams = idParams.extend({ delivery: z.string().max(300) });

type DeliveryRouteDeps = WebhookRouteDeps & { deliveries: DeliveryStore };

export function webhookDeliveryRoutes(app: App, depsFor: ForCaller<DeliveryRouteDeps>): void {
  listRoute(app, depsFor);
  replayRoutes(app, depsFor);
}

function listRoute(app: App, depsFor: ForCaller<DeliveryRouteDeps>): void {
  app.get(
    "/v1/webhook-endpoints/:id/deliveries",
    {
      config: { scope: "webhooks:read" },
      schema: {
        summary: "What became of each event at an endpoint, newest first",
        security: secured,
        params: idParams,
        querystring: listQuery,
        response: {
          200: z.object({ deliveries: z.array(deliverySchema), next_before: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await findEndpoint(deps, caller.tenantId, request.params.id);
      const { limit, before, state } = request.query;
      const query = { endpointId: id, limit: limit + 1, before: before ?? null, state: state ?? null };
      const found = await deps.deliveries.list(query);
      const page = found.slice(0, limit);
      const nextBefore = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { deliveries: page.map(deliveryView), next_before: nextBefore };
    },
  );
}

function replayRoutes(app: App, depsFor: ForCaller<DeliveryRouteDeps>): void {
  app.post(
    "/v1/webhook-endpoints/:id/deliveries/:delivery/replay",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Send one event again, whatever became of it",
        security: secured,
        params: deliveryParams,
        response: { 202: z.object({ replayed: z.int() }), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await findEndpoint(deps, caller.tenantId, request.params.id);
      const { delivery } = request.params;
      const act = actOf(request, "webhook_endpoint.replayed", id, { delivery });
      if (!(await deps.acting(act).deliveries.replay(id, delivery))) {
        throw new ServiceError("not_found", "This endpoint has no such delivery, or it was too long ago.");
      }
      return reply.status(202).send({ replayed: 1 });
    },
  );

  app.post(
    "/v1/webhook-endpoints/:id/replay",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Send all events since a time again",
        description: `Also those that it did not hear of because it was disabled, as far as they are kept: 30 days. At most ${MOST_REPLAYED} events in a call, unless one millisecond has more; \`next_since\` says where the rest begins.`,
        security: secured,
        params: idParams,
        body: replayBody,
        response: { 202: replayedSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await findEndpoint(deps, caller.tenantId, request.params.id);
      const { since, until, state } = request.body;
      const detail = { since, until: until ?? null, ...(state && { state }) };
      const act = actOf(request, "webhook_endpoint.replayed", id, detail);
      const { replayed, nextSince } = await deps.acting(act).deliveries.replaySince({
        endpointId: id,
        since: Date.parse(since),
        until: until === undefined ? null : Date.parse(until),
        onlyGivenUp: state === "given_up",
        limit: MOST_REPLAYED,
      });
      return reply.status(202).send({ replayed, next_since: toTimeOrNull(nextSince) });
    },
  );
}
