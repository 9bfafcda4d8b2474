import { z } from "zod";
import type { TokenReadStore } from "../../access/store.ts";
import type { ConnectionStore } from "../../connection/store.ts";
import { DAY, type Clock } from "../../runtime/clock.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured, time, toTime } from "../wire.ts";

export const readsSchema = z
  .object({
    hour: time.describe("When the hour began"),
    key_id: z.string(),
    count: z.int(),
  })
  .meta({ id: "TokenReads" });

const LONGEST_SPAN = 31 * DAY;
const USUAL_SPAN = DAY;

export interface TokenReadRouteDeps {
  connections: Pick<ConnectionStore, "snapshot">;
  reads: Pick<TokenReadStore, "list">;
  clock: Clock;
}

export function tokenReadRoute(app: App, depsFor: ForCaller<TokenReadRouteDeps>): void {
  app.get(
    "/v1/connections/:id/reads",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "How many access tokens of a connection each API key was handed, by the hour",
        description:
          "From the hour of `from` on, by default a day before `to`, and before `to`, by default now; 31 days at most. Counts come up to a minute late, and are kept for 30 days.",
        security: secured,
        params: idParams,
        querystring: z.strictObject({ from: time.optional(), to: time.optional() }),
        response: { 200: z.object({ reads: z.array(readsSchema) }), ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const held = await deps.connections.snapshot(request.params.id);
      if (held?.connection.tenantId !== caller.tenantId) {
        throw new ServiceError("not_found", "There is no such connection.");
      }
      const connectionId = held.connection.id;
      const found = await deps.reads.list({ connectionId, ...spanOf(request.query, deps.clock.now()) });
      return { reads: found.map(({ hour, keyId, count }) => ({ hour: toTime(hour), key_id: keyId, count })) };
    },
  );
}

function spanOf(query: { from?: string | undefined; to?: string | undefined }, now: number) {
  const to = query.to === undefined ? now : Date.parse(query.to);
  const from = query.from === undefined ? to - USUAL_SPAN : Date.parse(query.from);
  if (from >= to) throw new ServiceError("invalid_request", "from: has to be before to.");
  if (to - from > LONGEST_SPAN) throw new ServiceError("invalid_request", "from: is more than 31 days before to.");
  return { from, to };
}
