import { z } from "zod";
import { HANDOVER_ADVICE, HANDOVER_STATES, handoverState } from "../../connect/handover.ts";
import type { Snapshot } from "../../connection/store.ts";
import type { ConnectPorts } from "../../connect/ports.ts";
import { connectionSchema, connectionView } from "../connection-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, secured } from "../wire.ts";

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: z.string().max(100).optional(),
  client: z.string().max(100).optional(),
});

export const handoverSchema = z.object({
  connection: connectionSchema,
  generation: z.int(),
  state: z.enum(HANDOVER_STATES),
  advice: z.string(),
});

export function handoverRoute(app: App, portsFor: ForCaller<Pick<ConnectPorts, "connections">>): void {
  app.get(
    "/v1/connections/handover",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Imported connections, and whether their previous owner has stopped refreshing them",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ connections: z.array(handoverSchema), next_after: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { limit, after, client } = request.query;
      const caller = callerOf(request);
      const { connections } = portsFor(caller);
      const found = await connections.list({
        tenantId: caller.tenantId,
        limit: limit + 1,
        after: after ?? null,
        status: null,
        clientId: client ?? null,
        imported: true,
      });
      const page = found.slice(0, limit);
      const held = await Promise.all(page.map(({ id }) => connections.snapshot(id)));
      const nextAfter = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { connections: held.filter((each) => each !== null).map(handoverView), next_after: nextAfter };
    },
  );
}

function handoverView(held: Snapshot): z.infer<typeof handoverSchema> {
  const state = handoverState(held);
  const { connection, tokens } = held;
  return {
    connection: connectionView(connection),
    generation: tokens.generation,
    state,
    advice: HANDOVER_ADVICE[state],
  };
}
