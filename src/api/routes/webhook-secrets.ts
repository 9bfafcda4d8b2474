import { z } from "zod";
import { MOST_SECRETS } from "../../event/webhook-endpoint.ts";
import { mintWebhookSecret, webhookKey, webhookSecretAddress } from "../../event/webhook-secret.ts";
import { createId } from "../../runtime/id.ts";
import { secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { newSecretSchema } from "../webhook-view.ts";
import { failures, idParams, secured, toTime } from "../wire.ts";
import { findEndpoint, type WebhookRouteDeps } from "./webhook-endpoints.ts";

const LONGEST_OVERLAP = 2_592_000;
const USUAL_OVERLAP = 86_400;

const rotateBody = z.strictObject({
  secret: z
    .string()
    .max(100)
    .refine((text) => webhookKey(text) !== null, "has to be whsec_ and 24 to 64 bytes in base64")
    .optional()
    .describe("One that you bring along; without it one is made"),
  overlap_seconds: z
    .int()
    .min(0)
    .max(LONGEST_OVERLAP)
    .default(USUAL_OVERLAP)
    .describe("How long messages are signed with the ones before as well"),
});

const secretParams = idParams.extend({ secret: z.string().max(300) });

export function webhookSecretRoutes(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  addRoute(app, depsFor);
  retireRoute(app, depsFor);
}

function addRoute(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.post(
    "/v1/webhook-endpoints/:id/secrets",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Sign with another secret, and for a while with the ones before too",
        security: secured,
        params: idParams,
        body: rotateBody.nullish(),
        response: { 201: newSecretSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const deps = depsFor(caller);
      const { clock, random, sealer } = deps;
      const { secret: given, overlap_seconds: overlap = USUAL_OVERLAP } = request.body ?? {};
      const endpoint = await findEndpoint(deps, tenantId, request.params.id);
      const id = createId("whs", clock, random);
      const made = given === undefined ? mintWebhookSecret(random) : secret(given);
      const sealed = await sealer.seal(webhookSecretAddress(tenantId, id), made);
      const act = actOf(request, "webhook_secret.added", endpoint.id, { secret: id, overlap_seconds: overlap });
      const { webhooks } = deps.acting(act);
      if ((await webhooks.addSecret(endpoint.id, { id, sealed }, overlap * 1000)) === "full") throw tooMany();
      void reply.header("cache-control", "no-store");
      const othersRetireAt = toTime(clock.now() + overlap * 1000);
      return reply.status(201).send({ id, secret: made.reveal(), others_retire_at: othersRetireAt });
    },
  );
}

function tooMany(): ServiceError {
  return new ServiceError(
    "conflict",
    `An endpoint has at most ${MOST_SECRETS} secrets, and this one has them. Wait until the oldest retires, or DELETE it.`,
  );
}

function retireRoute(app: App, depsFor: ForCaller<WebhookRouteDeps>): void {
  app.delete(
    "/v1/webhook-endpoints/:id/secrets/:secret",
    {
      config: { scope: "webhooks:write" },
      schema: {
        summary: "Erase a secret that is not the newest, at once",
        security: secured,
        params: secretParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const endpoint = await findEndpoint(deps, caller.tenantId, request.params.id);
      const { secret: id } = request.params;
      const { webhooks } = deps.acting(actOf(request, "webhook_secret.retired", endpoint.id, { secret: id }));
      switch (await webhooks.retireSecret(endpoint.id, id)) {
        case "unknown":
          throw new ServiceError("not_found", "This endpoint has no such secret, or it is erased.");
        case "newest":
          throw new ServiceError(
            "conflict",
            "This is the newest secret, without which nothing is signed. Add another.",
          );
        case "retired":
          return reply.status(204).send(null);
      }
    },
  );
}
