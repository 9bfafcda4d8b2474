import { z } from "zod";
import { formatBlock, parseBlock } from "../../access/address-block.ts";
import { hashKey, mintKey, SCOPES } from "../../access/api-key.ts";
import { lackedScope } from "../../access/authenticator.ts";
import { requireRoom } from "../../access/room.ts";
import type { TenantStore } from "../../access/tenant-store.ts";
import { rotateKey, type RotateDeps } from "../../access/rotate-key.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { apiKeySchema, apiKeyView, mintedKeySchema, rotatedKeySchema } from "../api-key-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { tenantToActFor } from "../operator.ts";
import type { App } from "../server.ts";
import { failures, idParams, name, secured, time, toTime, toTimeOrNull } from "../wire.ts";

const LONGEST_OVERLAP = 2_592_000;
const USUAL_OVERLAP = 86_400;

/** A block may be written in any way, and is kept in one. */
const cidr = z
  .string()
  .max(60)
  .refine((text) => parseBlock(text) !== null, "is no block of addresses, such as 10.0.0.0/8 or 2001:db8::/32");

const createBody = z.strictObject({
  tenant: z.string().max(100).optional().describe("For whom, where an administrator of the operator makes it"),
  name,
  scopes: z.array(z.enum(SCOPES)).min(1),
  expires_at: time.optional(),
  allowed_cidrs: z.array(cidr).max(50).default([]),
  rate_limit: z.int().min(1).max(1_000_000).optional().describe("Requests a second, instead of EVERGRANT_RATE_LIMIT"),
});

const rotateBody = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .max(LONGEST_OVERLAP)
    .default(USUAL_OVERLAP)
    .describe("How long the old key lives on, unless it ends before"),
});

export interface ApiKeyRouteDeps extends RotateDeps {
  tenants: Pick<TenantStore, "find" | "count">;
  acting: Acting;
}

export function apiKeyRoutes(app: App, depsFor: ForCaller<ApiKeyRouteDeps>): void {
  createRoute(app, depsFor);
  rotateRoute(app, depsFor);
  listRoute(app, depsFor);
  revokeRoute(app, depsFor);
}

function createRoute(app: App, depsFor: ForCaller<ApiKeyRouteDeps>): void {
  app.post(
    "/v1/api-keys",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "Make an API key",
        security: secured,
        body: createBody,
        response: { 201: mintedKeySchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { body } = request;
      const lacked = lackedScope(caller, body.scopes);
      if (lacked !== undefined) {
        throw new ServiceError("forbidden", `This API key cannot give away the scope "${lacked}", which it lacks.`);
      }
      const expiresAt = body.expires_at === undefined ? null : Date.parse(body.expires_at);
      if (expiresAt !== null && expiresAt <= deps.clock.now()) {
        throw new ServiceError("invalid_request", "expires_at: lies in the past.");
      }
      const tenantId = await tenantToActFor(deps.tenants, caller, body.tenant);
      await requireRoom(deps.tenants, tenantId, "apiKeys");
      const minted = mintKey("key", deps.clock, deps.random);
      const text = minted.text.reveal();
      const act = actOf(request, "api_key.created", minted.id, { scopes: body.scopes.join(" ") });
      await deps.acting(act).apiKeys.create({
        id: minted.id,
        tenantId,
        name: body.name,
        scopes: body.scopes,
        hash: hashKey(deps.pepper, text),
        expiresAt,
        allowedCidrs: canonical(body.allowed_cidrs),
        rateLimit: body.rate_limit ?? null,
        replaces: null,
      });
      void reply.header("cache-control", "no-store");
      return reply.status(201).send({ id: minted.id, key: text, expires_at: toTimeOrNull(expiresAt) });
    },
  );
}

function rotateRoute(app: App, depsFor: ForCaller<ApiKeyRouteDeps>): void {
  app.post(
    "/v1/api-keys/:id/rotate",
    {
      config: { scope: "keys:write", orOwnKey: true },
      schema: {
        summary: "Make a key that takes the place of another, which lives on for a while",
        description:
          "The new key has the name, the scopes, the addresses and the limit of the old one, and from now on as long a life. A key may rotate itself without any scope.",
        security: secured,
        params: idParams,
        body: rotateBody.nullish(),
        response: { 201: rotatedKeySchema, ...failures },
      },
    },
    async (request, reply) => {
      const { overlap_seconds: overlap = USUAL_OVERLAP } = request.body ?? {};
      const { id } = request.params;
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { apiKeys } = deps.acting(actOf(request, "api_key.rotated", id, { overlap_seconds: overlap }));
      const made = await rotateKey({ ...deps, keys: apiKeys }, caller, { id, overlapMs: overlap * 1000 });
      void reply.header("cache-control", "no-store");
      return reply.status(201).send({
        id: made.id,
        key: made.text.reveal(),
        expires_at: toTimeOrNull(made.expiresAt),
        replaces: id,
        replaced_expires_at: toTime(made.replacedEndsAt),
      });
    },
  );
}

function listRoute(app: App, depsFor: ForCaller<ApiKeyRouteDeps>): void {
  app.get(
    "/v1/api-keys",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "All API keys, without their secrets",
        security: secured,
        response: { 200: z.object({ api_keys: z.array(apiKeySchema) }), ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const keys = await depsFor(caller).keys.list(caller.tenantId);
      return { api_keys: keys.map(apiKeyView) };
    },
  );
}

function revokeRoute(app: App, depsFor: ForCaller<ApiKeyRouteDeps>): void {
  app.delete(
    "/v1/api-keys/:id",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "Revoke an API key",
        security: secured,
        params: idParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const caller = callerOf(request);
      const { acting, authenticator } = depsFor(caller);
      const { apiKeys } = acting(actOf(request, "api_key.revoked", id));
      if (!(await apiKeys.revoke(caller.tenantId, id))) {
        throw new ServiceError("not_found", "There is no such API key, or it is revoked already.");
      }
      authenticator.forget(id);
      return reply.status(204).send(null);
    },
  );
}

/** Each block once, in its shortest form. */
function canonical(cidrs: readonly string[]): string[] {
  const blocks = cidrs.map(parseBlock).filter((block) => block !== null);
  return [...new Set(blocks.map(formatBlock))];
}
