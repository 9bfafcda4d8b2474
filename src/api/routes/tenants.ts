import { z } from "zod";
import { deleteTenant, type DeleteTenantDeps } from "../../access/delete-tenant.ts";
import { DEFAULT_TENANT } from "../../access/store.ts";
import { NO_LIMITS, type Tenant } from "../../access/tenant.ts";
import type { NewAddress } from "../../access/tenant-store.ts";
import type { Caller } from "../../access/authenticator.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Random } from "../../runtime/random.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { requireOperator } from "../operator.ts";
import type { App } from "../server.ts";
import {
  deletedTenantSchema,
  limitsBody,
  limitsOf,
  publicUrl,
  tenantDetailSchema,
  tenantSchema,
  tenantView,
} from "../tenant-view.ts";
import { failures, idParams, name, secured } from "../wire.ts";

const createBody = z.strictObject({ name, public_url: publicUrl.nullish(), limits: limitsBody.optional() });

const patchBody = z
  .strictObject({
    name: name.optional(),
    public_url: publicUrl.nullable().optional(),
    redirect_uris: z
      .enum(["keep", "change"])
      .optional()
      .describe(
        "With a public_url: whether clients keep their redirect URIs, by default, or all change to the new address, which has to be registered at their providers before",
      ),
    limits: limitsBody.optional(),
  })
  .refine((body) => body.redirect_uris === undefined || body.public_url !== undefined, {
    path: ["redirect_uris"],
    message: "goes with a public_url",
  });

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(100).optional(),
});

export interface TenantRouteDeps extends DeleteTenantDeps {
  clock: Clock;
  random: Random;
  acting: Acting;
  /** Where browsers reach the installation. */
  publicUrl: string;
}

/** Tenants are the operator's: only administrators with a key of the first tenant see or change any. */
export function tenantRoutes(app: App, depsFor: ForCaller<TenantRouteDeps>): void {
  createRoute(app, depsFor);
  readingRoutes(app, depsFor);
  changeRoute(app, depsFor);
  deleteRoute(app, depsFor);
}

const OPERATORS = "Tenants are managed by the operator: this takes a key of the first tenant.";

function createRoute(app: App, depsFor: ForCaller<TenantRouteDeps>): void {
  app.post(
    "/v1/tenants",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Add a tenant",
        description: "Its first API key is made with `POST /v1/api-keys` and the field `tenant`.",
        security: secured,
        body: createBody,
        response: { 201: tenantDetailSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      requireOperator(caller, OPERATORS);
      const deps = depsFor(caller);
      const { body } = request;
      const id = createId("ten", deps.clock, deps.random);
      const limits = { ...NO_LIMITS, ...limitsOf(body.limits) };
      const act = actOf(request, "tenant.created", id);
      await deps.acting(act).tenants.create({ id, name: body.name, publicUrl: body.public_url ?? null, limits });
      deps.observer.event("tenant.created", { tenantId: id });
      return reply.status(201).send(await detail(deps, await find(deps, caller, id)));
    },
  );
}

function readingRoutes(app: App, depsFor: ForCaller<TenantRouteDeps>): void {
  app.get(
    "/v1/tenants",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Tenants, oldest first",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ tenants: z.array(tenantSchema), next_after: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      requireOperator(caller, OPERATORS);
      const { limit, after = null } = request.query;
      const found = await depsFor(caller).tenants.list({ limit: limit + 1, after });
      const page = found.slice(0, limit);
      return { tenants: page.map(tenantView), next_after: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  app.get(
    "/v1/tenants/:id",
    {
      config: { scope: "admin" },
      schema: {
        summary: "One tenant, with how much it has",
        security: secured,
        params: idParams,
        response: { 200: tenantDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      return detail(deps, await find(deps, caller, request.params.id));
    },
  );
}

function changeRoute(app: App, depsFor: ForCaller<TenantRouteDeps>): void {
  app.patch(
    "/v1/tenants/:id",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Change a tenant's name, address or limits",
        description: "Other processes follow within five seconds.",
        security: secured,
        params: idParams,
        body: patchBody,
        response: { 200: tenantDetailSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await find(deps, caller, request.params.id);
      if (id === DEFAULT_TENANT) {
        throw new ServiceError("conflict", "This is the operator's own tenant; its settings are the environment's.");
      }
      const { body } = request;
      const address = addressOf(deps, body);
      const changes = { ...(body.name !== undefined && { name: body.name }), ...(address && { address }) };
      const changed = Object.keys(body).join(" ");
      const { tenants } = deps.acting(actOf(request, "tenant.changed", id, { changed }));
      if (!(await tenants.change(id, { ...changes, limits: limitsOf(body.limits) }))) {
        throw new ServiceError("conflict", "This tenant is being deleted.");
      }
      deps.observer.event("tenant.changed", { tenantId: id });
      return detail(deps, await find(deps, caller, id));
    },
  );
}

function deleteRoute(app: App, depsFor: ForCaller<TenantRouteDeps>): void {
  app.delete(
    "/v1/tenants/:id",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Delete a tenant for good: its keys, and with them all tokens and secrets that they sealed",
        description:
          "Its API keys end at once. Providers are told nothing: disconnect its connections before, where tokens are to be revoked there too. One that was cut short is gone on with by asking again.",
        security: secured,
        params: idParams,
        body: z.strictObject({ confirm: z.string().max(200).describe("The tenant's name") }),
        response: { 200: deletedTenantSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { id } = await find(deps, caller, request.params.id);
      const { tenants } = deps.acting(actOf(request, "tenant.deleted", id));
      const { apiKeys, connections, keys } = await deleteTenant(
        { ...deps, tenants },
        { id, confirm: request.body.confirm },
      );
      return { id, api_keys: apiKeys, connections, keys };
    },
  );
}

function addressOf(
  { publicUrl: installationUrl }: TenantRouteDeps,
  { public_url: url, redirect_uris: redirectUris = "keep" }: z.infer<typeof patchBody>,
): NewAddress | null {
  return url === undefined ? null : { publicUrl: url, redirectUris, installationUrl };
}

/** To others than the operator no tenant exists, not even their own. */
async function find({ tenants }: TenantRouteDeps, caller: Caller, id: string): Promise<Tenant> {
  const tenant = caller.tenantId === DEFAULT_TENANT ? await tenants.find(id) : null;
  if (!tenant) throw new ServiceError("not_found", "There is no such tenant.");
  return tenant;
}

async function detail({ tenants }: TenantRouteDeps, tenant: Tenant): Promise<z.infer<typeof tenantDetailSchema>> {
  const { id } = tenant;
  const [clients, connections, apiKeys] = await Promise.all([
    tenants.count(id, "clients"),
    tenants.count(id, "connections"),
    tenants.count(id, "apiKeys"),
  ]);
  return { ...tenantView(tenant), usage: { clients, connections, api_keys: apiKeys } };
}
