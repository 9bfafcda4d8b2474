import { z } from "zod";
import { MOST_CONNECTIONS, writeAgentToken } from "../../access/agent-token.ts";
import { reaches, type Caller } from "../../access/authenticator.ts";
import type { ConnectionStore } from "../../connection/store.ts";
import { SECOND, type Clock } from "../../runtime/clock.ts";
import type { Secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { agentTokenSchema } from "../agent-token-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, secured, toTime } from "../wire.ts";

const SHORTEST_LIFE = 60;
const LONGEST_LIFE = 86_400;
const USUAL_LIFE = 3600;

const agentTokenBody = z.strictObject({
  connections: z.array(z.string().max(300)).min(1).max(MOST_CONNECTIONS),
  expires_in: z
    .int()
    .min(SHORTEST_LIFE)
    .max(LONGEST_LIFE)
    .default(USUAL_LIFE)
    .describe("Seconds; it ends before where what it is made with does"),
});

export interface AgentTokenRouteDeps {
  connections: Pick<ConnectionStore, "snapshot">;
  acting: Acting;
  /** Signs the tokens. */
  agentKey: Secret<Uint8Array>;
  clock: Clock;
}

export function agentTokenRoute(app: App, depsFor: ForCaller<AgentTokenRouteDeps>): void {
  app.post(
    "/v1/agent-tokens",
    {
      config: { scope: "token:read", looksAtReach: true },
      schema: {
        summary: "Make a short-lived token that reads the access tokens of some connections only",
        description:
          "It stands for the API key wherever an access token is read, and ends with it. A token may make another, for no more connections and no longer than itself.",
        security: secured,
        body: agentTokenBody,
        response: { 201: agentTokenSchema, ...failures },
      },
    },
    async (request, reply) => {
      if (request.operator) {
        throw new ServiceError("forbidden", "An agent token is made with an API key, and a session has none.");
      }
      const caller = callerOf(request);
      const { acting, agentKey, clock, ...deps } = depsFor(caller);
      const connections = [...new Set(request.body.connections)];
      for (const id of connections) await requireReach(deps, caller, id);
      const expiresAt = endOf(caller, clock.now() + request.body.expires_in * SECOND);
      const detail = { connections: connections.join(" "), expires_at: toTime(expiresAt) };
      await acting(actOf(request, "agent_token.minted", caller.keyId, detail)).note();
      const token = writeAgentToken(agentKey, { keyId: caller.keyId, connections, expiresAt });
      void reply.header("cache-control", "no-store");
      return reply.status(201).send({ agent_token: token.reveal(), connections, expires_at: toTime(expiresAt) });
    },
  );
}

async function requireReach(
  { connections }: Pick<AgentTokenRouteDeps, "connections">,
  caller: Caller,
  id: string,
): Promise<void> {
  const held = reaches(caller, id) ? await connections.snapshot(id) : null;
  if (held?.connection.tenantId !== caller.tenantId) {
    throw new ServiceError("not_found", "There is no such connection.");
  }
}

/** Whole seconds, as the token says it; no later than what it is made with ends. */
function endOf({ expiresAt }: Caller, wanted: number): number {
  return Math.floor(Math.min(wanted, expiresAt ?? wanted) / SECOND) * SECOND;
}
