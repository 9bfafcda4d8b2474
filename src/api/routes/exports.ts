import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Act, Actor, ActName } from "../../access/audit.ts";
import { mayBeOnePerson, type LineageDeps } from "../../access/lineage.ts";
import { DEFAULT_TENANT } from "../../access/store.ts";
import type { TenantStore } from "../../access/tenant-store.ts";
import type { ConnectPorts } from "../../connect/ports.ts";
import {
  DECISION_TIME,
  FETCH_TIME,
  MOST_CONNECTIONS,
  statusOf,
  type Export,
  type ExportStore,
} from "../../connect/export.ts";
import { holdForExport } from "../../connect/hold-for-export.ts";
import { createId } from "../../runtime/id.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { exportDocument, fingerprintOf } from "../export-document.ts";
import { exportSchema, exportView, recipientSchema } from "../export-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { tenantToActFor } from "../operator.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured } from "../wire.ts";

export interface ExportRouteDeps extends ConnectPorts {
  exports: ExportStore;
  tenants: ConnectPorts["tenants"] & Pick<TenantStore, "find">;
  lineage: LineageDeps;
  acting: Acting;
}

const someId = z.string().min(1).max(100);

/** As many as a request has room for. */
const MOST_IDS = 5000;

const requestBody = z
  .strictObject({
    recipient_key: recipientSchema,
    reason: z.string().trim().min(1).max(500),
    tenant: someId.optional(),
    client: someId.optional().describe("Only those of this client"),
    connections: z.array(someId).min(1).max(MOST_IDS).optional(),
  })
  .refine(
    ({ client, connections }) => client === undefined || connections === undefined,
    "takes client or connections",
  );

const approveBody = z.strictObject({
  fingerprint: z.string().max(100).describe("Of the recipient's key, as the recipient told it to whoever approves"),
});

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().max(100).optional(),
});

/** Moving out: one asks, another approves, and what is fetched then only the recipient can open. */
export function exportRoutes(app: App, depsFor: ForCaller<ExportRouteDeps>): void {
  readingRoutes(app, depsFor);
  requestRoute(app, depsFor);
  decidingRoutes(app, depsFor);
  fetchRoute(app, depsFor);
}

function readingRoutes(app: App, depsFor: ForCaller<ExportRouteDeps>): void {
  app.get(
    "/v1/exports",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Exports, newest first",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ exports: z.array(exportSchema), next_before: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { exports, clock } = depsFor(callerOf(request));
      const { limit, before } = request.query;
      const { tenantId } = callerOf(request);
      const own = tenantId === DEFAULT_TENANT ? null : tenantId;
      const found = await exports.list({ tenantId: own, limit: limit + 1, before: before ?? null });
      const page = found.slice(0, limit);
      const nextBefore = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { exports: page.map((each) => exportView(each, clock.now())), next_before: nextBefore };
    },
  );

  app.get(
    "/v1/exports/:id",
    { config: { scope: "admin" }, schema: { summary: "One export", ...aboutOne } },
    async (request) => {
      const deps = depsFor(callerOf(request));
      return exportView(await find(deps, request, request.params.id), deps.clock.now());
    },
  );
}

const aboutOne = { security: secured, params: idParams, response: { 200: exportSchema, ...failures } };

function requestRoute(app: App, depsFor: ForCaller<ExportRouteDeps>): void {
  app.post(
    "/v1/exports",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Ask for an export of connections with their refresh tokens, sealed for a recipient",
        description: "Somebody else has to approve it. What is exported then is not refreshed here any more.",
        security: secured,
        body: requestBody,
        response: { 201: exportSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const deps = depsFor(callerOf(request));
      const tenantId = await tenantToActFor(deps.tenants, callerOf(request), body.tenant);
      const fingerprint = await fingerprintOf(body.recipient_key);
      const connectionIds = await candidates(deps, {
        tenantId,
        clientId: body.client ?? null,
        ids: body.connections ?? null,
      });
      const id = createId("exp", deps.clock, deps.random);
      const made = { id, tenantId, reason: body.reason, recipient: body.recipient_key, fingerprint, connectionIds };
      const detail = { fingerprint, connections: connectionIds.length };
      const { exports } = deps.acting(actOn({ id, tenantId }, request, "export.requested", detail));
      await exports.create({ ...made, requestedBy: personOf(request) }, DECISION_TIME);
      return reply.status(201).send(exportView(await find(deps, request, id), deps.clock.now()));
    },
  );
}

function decidingRoutes(app: App, depsFor: ForCaller<ExportRouteDeps>): void {
  app.post(
    "/v1/exports/:id/approve",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Approve an export that somebody else has asked for",
        description:
          "Compare the fingerprint with the recipient first, by another way than whoever asks for the export.",
        body: approveBody,
        ...aboutOne,
      },
    },
    async (request) => {
      const deps = depsFor(callerOf(request));
      const found = await find(deps, request, request.params.id);
      if (await mayBeOnePerson(deps.lineage, found.tenantId, [found.requestedBy, personOf(request)])) {
        throw new ServiceError(
          "forbidden",
          "Whoever asks for an export cannot approve it, nor can a key that the same key has made. Another person has to.",
        );
      }
      if (request.body.fingerprint !== found.fingerprint) {
        throw new ServiceError(
          "conflict",
          "The fingerprint is not that of the key that the export would be sealed for.",
        );
      }
      return decide(deps, request, { found, decision: "approved", lifeMs: FETCH_TIME });
    },
  );

  app.post(
    "/v1/exports/:id/refuse",
    { config: { scope: "admin" }, schema: { summary: "Refuse an export, or take it back", ...aboutOne } },
    async (request) => {
      const deps = depsFor(callerOf(request));
      const found = await find(deps, request, request.params.id);
      return decide(deps, request, { found, decision: "refused", lifeMs: DECISION_TIME });
    },
  );
}

function fetchRoute(app: App, depsFor: ForCaller<ExportRouteDeps>): void {
  app.post(
    "/v1/exports/:id/fetch",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Fetch the sealed document of an approved export, once",
        description: "Its connections are held from then on: the recipient refreshes them.",
        security: secured,
        params: idParams,
        response: {
          200: z.object({
            document: z.string().describe("A JWE (RFC 7516) in compact form, which only the recipient's key opens"),
            connections: z.int(),
            left_out: z.array(z.string()).describe("Those that have ended since, or were refreshed all the time"),
          }),
          ...failures,
        },
      },
    },
    async (request, reply) => {
      const deps = depsFor(callerOf(request));
      const found = await find(deps, request, request.params.id);
      if (statusOf(found, deps.clock.now()) !== "approved") throw notWaiting("approved and not fetched");
      await holdForExport(deps, found);
      const made = await exportDocument(deps, found);
      const detail = { fingerprint: found.fingerprint, connections: made.connections, left_out: made.left_out.length };
      const { exports } = deps.acting(actOn(found, request, "export.fetched", detail));
      if (!(await exports.markFetched(found.id))) throw notWaiting("approved and not fetched");
      void reply.header("cache-control", "no-store");
      return made;
    },
  );
}

interface Decision {
  found: Export;
  decision: "approved" | "refused";
  lifeMs: number;
}

async function decide(deps: ExportRouteDeps, request: FastifyRequest, { found, decision, lifeMs }: Decision) {
  const act = actOn(found, request, `export.${decision}`, { fingerprint: found.fingerprint });
  const done = await deps.acting(act).exports.decide(found.id, personOf(request), { decision, lifeMs });
  if (!done) throw notWaiting("waiting for a decision");
  return exportView(await find(deps, request, found.id), deps.clock.now());
}

async function candidates(
  { exports, clients }: ExportRouteDeps,
  wanted: { tenantId: string; clientId: string | null; ids: readonly string[] | null },
): Promise<string[]> {
  const { tenantId, clientId } = wanted;
  if (clientId !== null && (await clients.find(clientId))?.tenantId !== tenantId) {
    throw new ServiceError("not_found", "There is no such client.");
  }
  const ids = await exports.candidates({ ...wanted, limit: MOST_CONNECTIONS + 1 });
  if (wanted.ids !== null && ids.length !== new Set(wanted.ids).size) {
    throw new ServiceError(
      "not_found",
      "Some of these connections do not exist, have ended, or have no refresh token that could move.",
    );
  }
  if (ids.length === 0) throw new ServiceError("conflict", "There is no connection to export.");
  if (ids.length <= MOST_CONNECTIONS) return ids;
  throw new ServiceError(
    "limit_reached",
    `An export has ${MOST_CONNECTIONS} connections at most; ask for one client's, or by their ids.`,
  );
}

/** A foreign one is answered like one that does not exist; the operator sees those of all tenants. */
async function find({ exports }: ExportRouteDeps, request: FastifyRequest, id: string): Promise<Export> {
  const { tenantId } = callerOf(request);
  const found = await exports.find(id);
  if (!found || (tenantId !== DEFAULT_TENANT && found.tenantId !== tenantId))
    throw new ServiceError("not_found", "There is no such export.");
  return found;
}

/** In the chain of the tenant whose connections they are. */
function actOn(
  about: Pick<Export, "id" | "tenantId">,
  request: FastifyRequest,
  name: ActName,
  detail: Act["detail"],
): Act {
  return { ...actOf(request, name, about.id, detail), tenantId: about.tenantId };
}

function personOf(request: FastifyRequest): Actor {
  return request.actor ?? { kind: "api_key", id: callerOf(request).keyId };
}

function notWaiting(what: string): ServiceError {
  return new ServiceError("conflict", `The export is not ${what}, or its time is over.`);
}
