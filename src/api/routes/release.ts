import type { ConnectionStore, Snapshot } from "../../connection/store.ts";
import type { Observer } from "../../runtime/observer.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { connectionDetailSchema } from "../connection-view.ts";
import { describeConnection, type DescribePorts } from "../describe-connection.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured } from "../wire.ts";

export interface ReleasePorts extends DescribePorts {
  connections: ConnectionStore;
  observer: Observer;
  acting: Acting;
}

export function releaseRoute(app: App, portsFor: ForCaller<ReleasePorts>): void {
  app.post(
    "/v1/connections/:id/release",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Let a connection go on that is held since the database was restored",
        description: "The refresh token in the database is tried. docs/backup.md says when that is wise.",
        security: secured,
        params: idParams,
        response: { 200: connectionDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const ports = portsFor(caller);
      const { connection } = await find(ports, tenantId, request.params.id);
      const { restores } = ports.acting(actOf(request, "connection.released", connection.id));
      if (!(await restores.release(connection.id))) {
        throw new ServiceError("conflict", "The connection is not held, so there is nothing to release.");
      }
      ports.observer.event("connection.released", { connectionId: connection.id });
      return describeConnection(ports, await find(ports, tenantId, connection.id));
    },
  );
}

/** A foreign connection is answered like one that does not exist. */
async function find({ connections }: ReleasePorts, tenantId: string, id: string): Promise<Snapshot> {
  const held = await connections.snapshot(id);
  if (held?.connection.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  return held;
}
