import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { findImported, importConnection } from "../../connect/import.ts";
import type { ConnectPorts } from "../../connect/ports.ts";
import type { ConnectionStore } from "../../connection/store.ts";
import { secret } from "../../runtime/secret.ts";
import { actOf, type Acting } from "../acts.ts";
import { connectionSchema, connectionView } from "../connection-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, labels, name, secured, time, token } from "../wire.ts";

const importBody = z.strictObject({
  client: z.string().max(100),
  token_set: z
    .strictObject({
      access_token: token.nullish(),
      refresh_token: token.nullish(),
      expires_at: time.optional(),
      expires_in: z.int().min(0).max(315_360_000).optional(),
      scope: z.string().max(10_000).optional(),
    })
    .refine((set) => set.expires_at === undefined || set.expires_in === undefined, {
      message: "give expires_at or expires_in, not both",
    }),
  account: z.strictObject({ id: name, label: name.optional() }).optional(),
  end_user: name.optional(),
  labels: labels.optional(),
  verify: z.boolean().default(false).describe("Refresh at once, and adopt nothing that the provider refuses"),
});

const previewBody = z.strictObject({ client: z.string().max(100), refresh_token: token.min(1) });

export function importRoutes(app: App, portsFor: ForCaller<ConnectPorts & { acting: Acting }>): void {
  importRoute(app, portsFor);
  previewRoute(app, portsFor);
}

function previewRoute(app: App, portsFor: ForCaller<ConnectPorts>): void {
  app.post(
    "/v1/connections/import/preview",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Whether a refresh token was imported before",
        description: "Nothing is written, and no provider is asked.",
        security: secured,
        body: previewBody,
        response: {
          200: z.object({
            connection: z.string().nullable().describe("What it was imported as; null for one that would be new"),
          }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { client: clientId, refresh_token: refreshToken } = request.body;
      const caller = callerOf(request);
      const asked = { tenantId: caller.tenantId, clientId, refreshToken: secret(refreshToken.trim()) };
      const found = await findImported(portsFor(caller), asked);
      return { connection: found?.id ?? null };
    },
  );
}

function importRoute(app: App, portsFor: ForCaller<ConnectPorts & { acting: Acting }>): void {
  app.post(
    "/v1/connections/import",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Adopt a token set from elsewhere",
        description:
          "Whoever held it before must stop refreshing it. A refresh token that was imported before is not adopted again: the answer is 200, with its connection as it is.",
        security: secured,
        body: importBody,
        response: { 200: connectionSchema, 201: connectionSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const { connection, isNew } = await importConnection(
        { ...ports, connections: adopting(ports, request) },
        {
          tenantId: caller.tenantId,
          clientId: body.client,
          accessToken: secretOrNull(body.token_set.access_token),
          refreshToken: secretOrNull(body.token_set.refresh_token),
          expiresAt: expiryOf(ports, body.token_set),
          scope: body.token_set.scope?.split(/\s+/).filter((scope) => scope !== "") ?? null,
          account: body.account ? { id: body.account.id, label: body.account.label ?? null } : null,
          endUser: body.end_user ?? null,
          labels: body.labels ?? {},
          verify: body.verify,
        },
      );
      return reply.status(isNew ? 201 : 200).send(connectionView(connection));
    },
  );
}

/** An import that the provider refuses is two acts: the connection was there for a moment. */
function adopting(
  { connections, acting }: ConnectPorts & { acting: Acting },
  request: FastifyRequest,
): ConnectionStore {
  return {
    ...connections,
    create: (connection, ...rest) => {
      const act = actOf(request, "connection.imported", connection.id, { client: connection.clientId });
      return acting(act).connections.create(connection, ...rest);
    },
    discard: (id) => acting(actOf(request, "connection.discarded", id)).connections.discard(id),
  };
}

function secretOrNull(text: string | null | undefined) {
  return text === null || text === undefined || text.trim() === "" ? null : secret(text.trim());
}

function expiryOf({ clock }: ConnectPorts, set: z.infer<typeof importBody>["token_set"]): number | null {
  if (set.expires_at !== undefined) return Date.parse(set.expires_at);
  return set.expires_in === undefined ? null : clock.now() + set.expires_in * 1000;
}
