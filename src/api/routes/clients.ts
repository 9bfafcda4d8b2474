import { z } from "zod";
import { requireRoom } from "../../access/room.ts";
import type { TenantStore } from "../../access/tenant-store.ts";
import type { ClientKeys } from "../../client/client-keys.ts";
import { DEFAULT_CLIENT_SETTINGS, type Client, type ClientStore } from "../../client/client.ts";
import { AUTHENTICATION_METHODS, type AuthenticationMethod } from "../../oauth/client-authentication.ts";
import type { Catalogue } from "../../provider/catalogue.ts";
import type { Provider } from "../../provider/provider.ts";
import { parametersProblem } from "../../provider/parameters.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Observer } from "../../runtime/observer.ts";
import type { Random } from "../../runtime/random.ts";
import type { Sealer } from "../../runtime/sealer.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { dpopKeyFor } from "../client-dpop.ts";
import { proofFields, readProof, type GivenProof } from "../client-proof.ts";
import { scopesChangeFor } from "../client-scopes.ts";
import { clientSchema, clientSettingsSchema, clientView } from "../client-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { requireOperatorsAdmin, tenantToActFor } from "../operator.ts";
import type { App } from "../server.ts";
import { publicUrl } from "../tenant-view.ts";
import { failures, idParams, scopes, secured } from "../wire.ts";
import { expiry, findClient, newSecret } from "./client-secrets.ts";

export const createBody = z
  .strictObject({
    tenant: z.string().max(100).optional().describe("For whom, where an administrator of the operator adds it"),
    provider: z.string().max(100),
    client_id: z.string().min(1).max(1000),
    ...proofFields,
    secret_expires_at: expiry.optional(),
    authentication: z.enum(AUTHENTICATION_METHODS).optional(),
    dpop: z.boolean().describe("Bind its tokens to a key (RFC 9449)").optional(),
    scopes: scopes.optional(),
    settings: clientSettingsSchema.optional(),
    public_url: publicUrl
      .optional()
      .describe("Where browsers come back to for this client, if not to its tenant's address; for the operator to say"),
  })
  .refine(({ secret_expires_at: end, client_secret: word, signing_key: key }) => end === undefined || (word ?? key), {
    path: ["secret_expires_at"],
    message: "needs a client_secret or a signing_key",
  });

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(100).optional(),
  provider: z.string().max(100).optional(),
});

/** What would take a client's tokens to where they do not belong. */
const fixed = (why: string) => z.never({ error: why }).optional().describe(why);
const OBTAINED =
  "cannot change: a refresh token belongs to the client that obtained it (RFC 6749 §6). Add another client instead";
const SENT = "cannot change: the refresh tokens there are would be sent to another server. Add another client instead";

export const patchBody = z.strictObject({
  scopes: scopes.optional().describe("Asked for from the next consent on"),
  dpop: z
    .boolean()
    .optional()
    .describe("For token sets from the next consent on; those that there are stay as they are"),
  settings: clientSettingsSchema.extend({ provider_parameters: fixed(SENT) }).optional(),
  client_id: fixed(OBTAINED),
  provider: fixed(OBTAINED),
});

/** Who could choose one freely could have sign-ins of his own begin at the address of somebody else. */
const ADDRESS = "public_url: an address of its own is given to a client by the operator.";

export interface ClientRouteDeps {
  clients: ClientStore;
  tenants: Pick<TenantStore, "find" | "count">;
  catalogue: Catalogue;
  sealer: Sealer;
  keys: ClientKeys;
  clock: Clock;
  random: Random;
  observer: Observer;
  publicUrl: string;
  acting: Acting;
}

export function clientRoutes(app: App, depsFor: ForCaller<ClientRouteDeps>): void {
  createRoute(app, depsFor);
  readingRoutes(app, depsFor);
  changingRoutes(app, depsFor);
}

function createRoute(app: App, depsFor: ForCaller<ClientRouteDeps>): void {
  app.post(
    "/v1/clients",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Add an OAuth client that is registered at a provider",
        security: secured,
        body: createBody,
        response: { 201: clientSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const tenantId = await tenantToActFor(deps.tenants, caller, body.tenant);
      if (body.public_url !== undefined) requireOperatorsAdmin(caller, ADDRESS);
      const make: ClientStore["create"] = (client, first, dpopKey) => {
        const detail = { provider: client.providerId, authentication: client.authentication };
        const act = { ...actOf(request, "client.created", client.id, detail), tenantId };
        return deps.acting(act).clients.create(client, first, dpopKey);
      };
      const client = await createClient({ ...deps, make }, { tenantId, keyId: caller.keyId }, body);
      return reply.status(201).send(await view(deps, client));
    },
  );
}

function readingRoutes(app: App, depsFor: ForCaller<ClientRouteDeps>): void {
  app.get(
    "/v1/clients",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Clients, oldest first",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ clients: z.array(clientSchema), next_after: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { limit, after = null, provider = null } = request.query;
      const caller = callerOf(request);
      const { tenantId } = caller;
      const deps = depsFor(caller);
      const found = await deps.clients.list({ tenantId, after, limit: limit + 1, providerId: provider });
      const page = found.slice(0, limit);
      const nextAfter = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { clients: await views(deps, page), next_after: nextAfter };
    },
  );

  app.get(
    "/v1/clients/:id",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "One client",
        security: secured,
        params: idParams,
        response: { 200: clientSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      return view(deps, await findClient(deps, caller.tenantId, request.params.id));
    },
  );
}

function changingRoutes(app: App, depsFor: ForCaller<ClientRouteDeps>): void {
  app.patch(
    "/v1/clients/:id",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Change a client's scopes and settings",
        description: "Settings that are not named stay as they are.",
        security: secured,
        params: idParams,
        body: patchBody,
        response: { 200: clientSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const deps = depsFor(caller);
      const client = await findClient(deps, tenantId, request.params.id);
      const { scopes: asked, settings, dpop } = request.body;
      const dpopKey = await dpopKeyFor(deps, client, dpop);
      const named = [...(asked ? ["scopes"] : []), ...(dpopKey === undefined ? [] : ["dpop"])];
      const changed = [...named, ...Object.keys(settings ?? {})].join(" ");
      await deps.acting(actOf(request, "client.changed", client.id, { changed })).clients.change(client.id, {
        ...(asked && { scopes: asked }),
        ...(settings && { settings: settingsOf(settings, client.settings) }),
        ...(dpopKey !== undefined && { dpopKey }),
        ...scopesChangeFor(deps, client, settings?.required_scopes),
      });
      return view(deps, await findClient(deps, tenantId, client.id));
    },
  );

  app.delete(
    "/v1/clients/:id",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Delete a client that has no connections, and erase its secrets",
        security: secured,
        params: idParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const client = await findClient(deps, caller.tenantId, request.params.id);
      const deletion = await deps.acting(actOf(request, "client.deleted", client.id)).clients.remove(client.id);
      if (deletion.kind === "in_use") throw inUse(deletion.connections);
      deps.observer.event("client.deleted", { clientId: client.id, by: caller.keyId });
      return reply.status(204).send(null);
    },
  );
}

/** Without the client nothing could refresh them, so there is no way to force it. */
function inUse(connections: number): ServiceError {
  const [count, them] = connections === 1 ? ["1 connection", "it"] : [`${connections} connections`, "them"];
  return new ServiceError(
    "conflict",
    `This client has ${count} that could not be refreshed without it. Disconnect ${them} first (DELETE /v1/connections/{id}).`,
  );
}

async function createClient(
  deps: ClientRouteDeps & { make: ClientStore["create"] },
  { tenantId, keyId }: { tenantId: string; keyId: string },
  body: z.infer<typeof createBody>,
): Promise<Client> {
  const provider = await deps.catalogue.find(body.provider);
  if (!provider) {
    throw new ServiceError(
      "unknown_provider",
      "There is no such provider. GET /v1/providers lists them; PUT /v1/providers/{id} adds one.",
    );
  }
  const problem = parametersProblem(provider, body.settings?.provider_parameters ?? {});
  if (problem !== null) throw new ServiceError("invalid_request", `settings.provider_parameters: ${problem}.`);
  const authentication = body.authentication ?? methodFor(provider, body);
  const proof = await readProof(deps.keys, authentication, body);
  const first = proof && (await newSecret(deps, { tenantId, keyId }, { proof, expiresAt: body.secret_expires_at }));
  await requireRoom(deps.tenants, tenantId, "clients");
  const id = createId("cli", deps.clock, deps.random);
  const client = {
    id,
    tenantId,
    providerId: provider.id,
    clientId: body.client_id,
    authentication,
    scopes: body.scopes ?? [],
    settings: settingsOf(body.settings, DEFAULT_CLIENT_SETTINGS),
    publicUrl: body.public_url ?? null,
    suspension: null,
  };
  await deps.make(client, first, await dpopKeyFor(deps, { ...client, dpopKey: null }, body.dpop));
  return findClient(deps, tenantId, id);
}

/** How a client authenticates that does not say so: as what it was given is used at the provider. */
function methodFor({ authentication }: Provider, body: GivenProof): AuthenticationMethod {
  if (body.signing_key !== undefined) return "private_key_jwt";
  if (body.client_certificate !== undefined) return "tls_client_auth";
  return body.client_secret === undefined ? "none" : authentication;
}

function settingsOf(
  body: Omit<z.infer<typeof clientSettingsSchema>, "provider_parameters"> & {
    provider_parameters?: Record<string, string> | undefined;
  } = {},
  otherwise: Client["settings"],
): Client["settings"] {
  return {
    returnUrls: body.return_urls ?? otherwise.returnUrls,
    offlineAccess: body.offline_access ?? otherwise.offlineAccess,
    prove: body.prove ?? otherwise.prove,
    authorizationParameters: body.authorization_parameters ?? otherwise.authorizationParameters,
    providerParameters: body.provider_parameters ?? otherwise.providerParameters,
    assertionAudience: body.assertion_audience === undefined ? otherwise.assertionAudience : body.assertion_audience,
    testing: body.testing ?? otherwise.testing,
    requiredScopes: body.required_scopes ?? otherwise.requiredScopes,
    probeEveryDays: body.probe_every_days ?? otherwise.probeEveryDays,
    proxyHosts: body.proxy_hosts ?? otherwise.proxyHosts,
  };
}

async function view(deps: ClientRouteDeps, client: Client): Promise<z.infer<typeof clientSchema>> {
  const secrets = await deps.clients.listSecrets([client.id]);
  return clientView(client, secrets, { publicUrl: deps.publicUrl, now: deps.clock.now() });
}

async function views(deps: ClientRouteDeps, clients: readonly Client[]): Promise<z.infer<typeof clientSchema>[]> {
  const secrets = await deps.clients.listSecrets(clients.map(({ id }) => id));
  const context = { publicUrl: deps.publicUrl, now: deps.clock.now() };
  return clients.map((client) =>
    clientView(
      client,
      secrets.filter(({ clientId }) => clientId === client.id),
      context,
    ),
  );
}
