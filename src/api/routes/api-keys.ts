import { z } from "zod";
import { hashKey, mintKey, SCOPES, type ApiKey } from "../../access/api-key.ts";
import type { Authenticator } from "../../access/authenticator.ts";
import type { ApiKeyStore } from "../../access/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";
import type { Secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { callerOf } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, name, secured, time, toTime, toTimeOrNull } from "../wire.ts";

const keyView = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
  })
  .meta({ id: "ApiKey" });

const mintedView = z
  .object({ id: z.string(), key: z.string().describe("Shown this once"), expires_at: time.nullable() })
  .meta({ id: "MintedApiKey" });

const createBody = z.strictObject({
  name,
  scopes: z.array(z.enum(SCOPES)).min(1),
  expires_at: time.optional(),
});

export interface ApiKeyRouteDeps {
  keys: ApiKeyStore;
  authenticator: Authenticator;
  pepper: Secret<Uint8Array>;
  clock: Clock;
  random: Random;
}

export function apiKeyRoutes(app: App, deps: ApiKeyRouteDeps): void {
  app.post(
    "/v1/api-keys",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "Make an API key",
        security: secured,
        body: createBody,
        response: { 201: mintedView, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { body } = request;
      const beyond = body.scopes.find((scope) => !caller.scopes.has(scope) && !caller.scopes.has("admin"));
      if (beyond !== undefined) {
        throw new ServiceError("forbidden", `This API key cannot give away the scope "${beyond}", which it lacks.`);
      }
      const expiresAt = body.expires_at === undefined ? null : Date.parse(body.expires_at);
      if (expiresAt !== null && expiresAt <= deps.clock.now()) {
        throw new ServiceError("invalid_request", "expires_at: lies in the past.");
      }
      const minted = mintKey("key", deps.clock, deps.random);
      const text = minted.text.reveal();
      await deps.keys.create({
        id: minted.id,
        tenantId: caller.tenantId,
        name: body.name,
        scopes: body.scopes,
        hash: hashKey(deps.pepper, text),
        expiresAt,
      });
      void reply.header("cache-control", "no-store");
      return reply.status(201).send({ id: minted.id, key: text, expires_at: toTimeOrNull(expiresAt) });
    },
  );

  app.get(
    "/v1/api-keys",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "All API keys, without their secrets",
        security: secured,
        response: { 200: z.object({ api_keys: z.array(keyView) }), ...failures },
      },
    },
    async (request) => {
      const keys = await deps.keys.list(callerOf(request).tenantId);
      return { api_keys: keys.map(viewOf) };
    },
  );

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
      if (!(await deps.keys.revoke(callerOf(request).tenantId, id))) {
        throw new ServiceError("not_found", "There is no such API key, or it is revoked already.");
      }
      deps.authenticator.forget(id);
      return reply.status(204).send(null);
    },
  );
}

function viewOf(key: ApiKey): z.infer<typeof keyView> {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    created_at: toTime(key.createdAt),
    expires_at: toTimeOrNull(key.expiresAt),
    revoked_at: toTimeOrNull(key.revokedAt),
  };
}
