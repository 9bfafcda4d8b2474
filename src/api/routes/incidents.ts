import { z } from "zod";
import type { Caller } from "../../access/authenticator.ts";
import { DEFAULT_TENANT } from "../../access/store.ts";
import { INCIDENT_STATES, type Incident } from "../../incident/incident.ts";
import type { IncidentStore } from "../../incident/store.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { incidentSchema, incidentView, memberSchema, memberView } from "../incident-view.ts";
import type { App } from "../server.ts";
import { tenantOf, tenantParam } from "../tenant-of-query.ts";
import { failures, idParams, secured } from "../wire.ts";

export interface IncidentPorts {
  incidents: IncidentStore;
  acting: Acting;
}

const listQuery = z.strictObject({
  state: z.enum(INCIDENT_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().max(300).optional().describe("Only those that are older than this id, for the next page"),
  tenant: tenantParam,
});

const memberQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(300).optional().describe("Only connections with ids after this one, for the next page"),
});

export function incidentRoutes(app: App, portsFor: ForCaller<IncidentPorts>): void {
  app.get(
    "/v1/incidents",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Failures that belong together, newest first",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ incidents: z.array(incidentSchema), next_before: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { state, limit, before, tenant } = request.query;
      const caller = callerOf(request);
      const found = await portsFor(caller).incidents.list({
        tenantId: tenantOf(tenant, caller),
        limit: limit + 1,
        before: before ?? null,
        state: state ?? null,
      });
      const page = found.slice(0, limit);
      return {
        incidents: page.map(incidentView),
        next_before: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    "/v1/incidents/:id",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "One incident, and the connections in it",
        security: secured,
        params: idParams,
        querystring: memberQuery,
        response: {
          200: z.object({
            ...incidentSchema.shape,
            members: z.array(memberSchema),
            next_after: z.string().nullable(),
          }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { limit, after } = request.query;
      const caller = callerOf(request);
      const { incidents } = portsFor(caller);
      const incident = await find(incidents, caller, request.params.id);
      const found = await incidents.members(incident.id, { limit: limit + 1, after: after ?? null });
      const page = found.slice(0, limit);
      const nextAfter = found.length > limit ? (page.at(-1)?.connectionId ?? null) : null;
      return { ...incidentView(incident), members: page.map(memberView), next_after: nextAfter };
    },
  );

  app.post(
    "/v1/incidents/:id/acknowledge",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Say that somebody looks after an incident",
        description: "It goes on being counted, and is resolved by itself when it is over.",
        security: secured,
        params: idParams,
        response: { 200: incidentSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const { id } = await find(ports.incidents, caller, request.params.id);
      const { incidents } = ports.acting(actOf(request, "incident.acknowledged", id));
      const isDone = await incidents.acknowledge(id, request.actor?.id ?? caller.keyId);
      const incident = await find(ports.incidents, caller, id);
      if (!isDone && incident.state === "resolved") {
        throw new ServiceError("conflict", "The incident is over, so there is nothing to acknowledge.");
      }
      return incidentView(incident);
    },
  );
}

/** A foreign incident is answered like one that does not exist. The operator looks after all. */
async function find(incidents: IncidentStore, { tenantId }: Caller, id: string): Promise<Incident> {
  const incident = await incidents.find(id);
  if (!incident || (incident.tenantId !== tenantId && tenantId !== DEFAULT_TENANT)) {
    throw new ServiceError("not_found", "There is no such incident.");
  }
  return incident;
}
