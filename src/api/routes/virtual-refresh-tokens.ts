import { z } from "zod";
import { hashKey } from "../../access/api-key.ts";
import { mintVirtualRefreshToken, type VirtualRefreshTokenStore } from "../../access/virtual-refresh-token.ts";
import type { ConnectionStore } from "../../connection/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";
import type { Secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import {
  mintedVirtualRefreshTokenSchema,
  virtualRefreshTokenSchema,
  virtualRefreshTokenView,
} from "../virtual-refresh-token-view.ts";
import { failures, idParams, name, secured, time, toTimeOrNull } from "../wire.ts";

/** Those of a connection that live at a time: one for each application that uses it, and not one for each of its starts. */
const MOST_LIVE = 100;

const createBody = z.strictObject({
  connection: z.string().min(1).max(100),
  name: name.optional().describe("What it is for"),
  expires_at: time.optional(),
});

const listQuery = z.strictObject({
  connection: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(100).optional(),
});

export interface VirtualRefreshTokenRouteDeps {
  virtualRefreshTokens: VirtualRefreshTokenStore;
  connections: Pick<ConnectionStore, "snapshot">;
  pepper: Secret<Uint8Array>;
  clock: Clock;
  random: Random;
  acting: Acting;
}

/** They are made by whoever may make API keys: each is a lasting way in, and one that nobody sees at the connection. */
export function virtualRefreshTokenRoutes(app: App, depsFor: ForCaller<VirtualRefreshTokenRouteDeps>): void {
  createRoute(app, depsFor);
  listRoute(app, depsFor);
  revokeRoute(app, depsFor);
}

function createRoute(app: App, depsFor: ForCaller<VirtualRefreshTokenRouteDeps>): void {
  app.post(
    "/v1/virtual-refresh-tokens",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "Make a virtual refresh token: one that never rotates, for one connection",
        description:
          "It is redeemed at `POST /oauth/token` (`grant_type=refresh_token`) by a client whose id and secret are those of an API key with the scope `token:read`.",
        security: secured,
        body: createBody,
        response: { 201: mintedVirtualRefreshTokenSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { connection: connectionId, name: called = null, expires_at: end } = request.body;
      const expiresAt = end === undefined ? null : Date.parse(end);
      if (expiresAt !== null && expiresAt <= deps.clock.now()) {
        throw new ServiceError("invalid_request", "expires_at: lies in the past.");
      }
      await requireConnection(deps, caller, connectionId);
      await requireRoom(deps, connectionId);
      const { id, text } = mintVirtualRefreshToken(deps.clock, deps.random);
      const act = actOf(request, "virtual_refresh_token.created", id, { connection: connectionId });
      await deps.acting(act).virtualRefreshTokens.create({
        id,
        tenantId: caller.tenantId,
        connectionId,
        name: called,
        hash: hashKey(deps.pepper, text.reveal()),
        createdBy: caller.keyId,
        expiresAt,
      });
      void reply.header("cache-control", "no-store");
      return reply.status(201).send({
        id,
        refresh_token: text.reveal(),
        connection: connectionId,
        expires_at: toTimeOrNull(expiresAt),
      });
    },
  );
}

/** Throws `not_found`, and `connection_disconnected` for one that gives nothing any more. */
async function requireConnection(
  { connections }: Pick<VirtualRefreshTokenRouteDeps, "connections">,
  { tenantId }: { tenantId: string },
  connectionId: string,
): Promise<void> {
  const connection = (await connections.snapshot(connectionId))?.connection;
  if (connection?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  if (connection.status !== "disconnected") return;
  throw new ServiceError("connection_disconnected", "The connection was disconnected; connect again to use it.", {
    connectionId,
  });
}

/** Those who ask at the same moment may all be let in: the limit is there against what has gone wild. */
async function requireRoom(
  { virtualRefreshTokens }: Pick<VirtualRefreshTokenRouteDeps, "virtualRefreshTokens">,
  connectionId: string,
): Promise<void> {
  if ((await virtualRefreshTokens.count(connectionId)) < MOST_LIVE) return;
  throw new ServiceError(
    "limit_reached",
    `A connection may have ${MOST_LIVE} virtual refresh tokens, and this one has. Revoke one that is not needed.`,
    { connectionId },
  );
}

function listRoute(app: App, depsFor: ForCaller<VirtualRefreshTokenRouteDeps>): void {
  app.get(
    "/v1/virtual-refresh-tokens",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "Virtual refresh tokens without their secrets, oldest first, a page at a time",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({
            virtual_refresh_tokens: z.array(virtualRefreshTokenSchema),
            next_after: z.string().nullable(),
          }),
          ...failures,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { limit, connection: connectionId = null, after = null } = request.query;
      const query = { tenantId: caller.tenantId, connectionId, limit: limit + 1, after };
      const found = await depsFor(caller).virtualRefreshTokens.list(query);
      const page = found.slice(0, limit);
      return {
        virtual_refresh_tokens: page.map(virtualRefreshTokenView),
        next_after: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );
}

function revokeRoute(app: App, depsFor: ForCaller<VirtualRefreshTokenRouteDeps>): void {
  app.delete(
    "/v1/virtual-refresh-tokens/:id",
    {
      config: { scope: "keys:write" },
      schema: {
        summary: "Revoke a virtual refresh token, at once",
        security: secured,
        params: idParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const caller = callerOf(request);
      const { virtualRefreshTokens } = depsFor(caller).acting(actOf(request, "virtual_refresh_token.revoked", id));
      if (!(await virtualRefreshTokens.revoke(caller.tenantId, id))) {
        throw new ServiceError("not_found", "There is no such virtual refresh token, or it is revoked already.");
      }
      return reply.status(204).send(null);
    },
  );
}
