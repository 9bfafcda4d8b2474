import { z } from "zod";
import type { ConnectPorts } from "../../connect/ports.ts";
import { reauthorizationLink } from "../../connect/reauthorization-link.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { accountRule } from "../account-rule.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured, time, toTime } from "../wire.ts";
import { find as findConnection } from "./connections.ts";

export function reauthorizationLinkRoutes(app: App, portsFor: ForCaller<ConnectPorts & { acting: Acting }>): void {
  app.post(
    "/v1/connections/:id/reauthorization-link",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "A link that lets the user sign in again",
        security: secured,
        params: idParams,
        body: z.strictObject({ account: accountRule.optional() }).nullish(),
        response: { 200: z.object({ url: z.string(), expires_at: time }), ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const { connection } = await findConnection(ports, caller.tenantId, request.params.id);
      if (connection.status === "disconnected") {
        throw new ServiceError("connection_disconnected", "The connection was disconnected; connect the account anew.");
      }
      const { url, expiresAt } = reauthorizationLink(ports, connection, request.body?.account);
      return { url, expires_at: toTime(expiresAt) };
    },
  );

  app.delete(
    "/v1/connections/:id/reauthorization-link",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Revoke every reauthorization link of the connection",
        security: secured,
        params: idParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const { connection } = await findConnection(ports, caller.tenantId, request.params.id);
      const { connections } = ports.acting(actOf(request, "connection.links_revoked", connection.id));
      await connections.revokeLinks(connection.id);
      return reply.status(204).send(null);
    },
  );
}
