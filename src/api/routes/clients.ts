import { z } from "zod";
import { secretAddress } from "../../client/authentication.ts";
import { DEFAULT_CLIENT_SETTINGS, type Client, type ClientSecret, type ClientStore } from "../../client/client.ts";
import { redirectUri } from "../../client/redirect-uri.ts";
import { AUTHENTICATION_METHODS } from "../../oauth/client-authentication.ts";
import type { Catalogue } from "../../provider/catalogue.ts";
import { parametersProblem } from "../../provider/parameters.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Random } from "../../runtime/random.ts";
import type { Sealer } from "../../runtime/sealer.ts";
import { secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, scopes, secured, time, token, toTime } from "../wire.ts";

/** Parameters that put another request in the place of ours (RFC 9101), or send its answer elsewhere. */
const REPLACES_THE_REQUEST = ["request", "request_uri", "response_mode"];

const settings = z.strictObject({
  return_urls: z
    .array(z.url({ protocol: /^https?$/ }).max(2000))
    .max(50)
    .optional(),
  offline_access: z.boolean().optional(),
  prove: z.boolean().optional(),
  authorization_parameters: z
    .record(z.string().min(1).max(100), z.string().max(1000))
    .refine((map) => !REPLACES_THE_REQUEST.some((parameter) => parameter in map), {
      message: `${REPLACES_THE_REQUEST.join(", ")} would replace the request`,
    })
    .optional(),
  provider_parameters: z
    .record(z.string().max(100), z.string().max(300))
    .describe("What stands in the URLs of the provider's entry, where it is a family")
    .optional(),
  testing: z.boolean().describe("In status Testing at Google, where refresh tokens live seven days").optional(),
});

const clientSecret = token.min(1);

const createBody = z.strictObject({
  provider: z.string().max(100),
  client_id: z.string().min(1).max(1000),
  client_secret: clientSecret.optional(),
  authentication: z.enum(AUTHENTICATION_METHODS).optional(),
  scopes: scopes.optional(),
  settings: settings.optional(),
});

const secretView = z
  .object({ id: z.string(), state: z.enum(["staged", "active", "retired"]), created_at: time })
  .meta({ id: "ClientSecret" });

const clientView = z
  .object({
    id: z.string(),
    provider: z.string(),
    client_id: z.string(),
    authentication: z.enum(AUTHENTICATION_METHODS),
    scopes: z.array(z.string()),
    settings: settings.required(),
    redirect_uri: z.string().describe("Register exactly this at the provider"),
    status: z.enum(["active", "suspended"]),
    suspension: z.object({ cause: z.string(), code: z.string(), since: time }).nullable(),
    created_at: time,
  })
  .meta({ id: "Client" });

export interface ClientRouteDeps {
  clients: ClientStore;
  catalogue: Catalogue;
  sealer: Sealer;
  clock: Clock;
  random: Random;
  publicUrl: string;
  acting: Acting;
}

export function clientRoutes(app: App, deps: ClientRouteDeps): void {
  app.post(
    "/v1/clients",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Add an OAuth client that is registered at a provider",
        security: secured,
        body: createBody,
        response: { 201: clientView, ...failures },
      },
    },
    async (request, reply) => {
      const make: ClientStore["create"] = (client, sealed) => {
        const detail = { provider: client.providerId, authentication: client.authentication };
        return deps.acting(actOf(request, "client.created", client.id, detail)).clients.create(client, sealed);
      };
      const client = await createClient({ ...deps, make }, callerOf(request).tenantId, request.body);
      return reply.status(201).send(viewOf(deps, client));
    },
  );

  app.get(
    "/v1/clients",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "All clients",
        security: secured,
        response: { 200: z.object({ clients: z.array(clientView) }), ...failures },
      },
    },
    async (request) => {
      const clients = await deps.clients.list(callerOf(request).tenantId);
      return { clients: clients.map((client) => viewOf(deps, client)) };
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
        response: { 200: clientView, ...failures },
      },
    },
    async (request) => viewOf(deps, await find(deps, callerOf(request).tenantId, request.params.id)),
  );

  app.post(
    "/v1/clients/:id/secrets",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Replace the client's secret",
        description: "The new secret is used from the next token request on, and a suspended client goes on at once.",
        security: secured,
        params: idParams,
        body: z.strictObject({ client_secret: clientSecret }),
        response: { 201: secretView, ...failures },
      },
    },
    async (request, reply) => {
      const client = await find(deps, callerOf(request).tenantId, request.params.id);
      if (client.authentication === "none") {
        throw new ServiceError("invalid_request", "A client that authenticates with `none` has no secret.");
      }
      const sealed = await sealSecret(deps, client.tenantId, request.body.client_secret);
      const act = actOf(request, "client_secret.replaced", client.id, { secret: sealed.id });
      await deps.acting(act).clients.replaceSecret(client.id, sealed);
      const stored = await deps.clients.activeSecret(client.id);
      if (!stored) throw new ServiceError("internal", "The new secret cannot be found.");
      return reply.status(201).send(secretViewOf(stored));
    },
  );
}

async function createClient(
  deps: ClientRouteDeps & { make: ClientStore["create"] },
  tenantId: string,
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
  const authentication = body.authentication ?? (body.client_secret === undefined ? "none" : provider.authentication);
  if ((authentication === "none") !== (body.client_secret === undefined)) {
    throw new ServiceError(
      "invalid_request",
      authentication === "none"
        ? "client_secret: a client that authenticates with `none` has no secret."
        : `client_secret: needed to authenticate with ${authentication}.`,
    );
  }
  const id = createId("cli", deps.clock, deps.random);
  const client = {
    id,
    tenantId,
    providerId: provider.id,
    clientId: body.client_id,
    authentication,
    scopes: body.scopes ?? [],
    settings: settingsOf(body.settings),
    suspension: null,
  };
  const sealed = body.client_secret === undefined ? null : await sealSecret(deps, tenantId, body.client_secret);
  await deps.make(client, sealed);
  return find(deps, tenantId, id);
}

function settingsOf(body: z.infer<typeof settings> = {}): Client["settings"] {
  return {
    returnUrls: body.return_urls ?? DEFAULT_CLIENT_SETTINGS.returnUrls,
    offlineAccess: body.offline_access ?? DEFAULT_CLIENT_SETTINGS.offlineAccess,
    prove: body.prove ?? DEFAULT_CLIENT_SETTINGS.prove,
    authorizationParameters: body.authorization_parameters ?? DEFAULT_CLIENT_SETTINGS.authorizationParameters,
    providerParameters: body.provider_parameters ?? DEFAULT_CLIENT_SETTINGS.providerParameters,
    testing: body.testing ?? DEFAULT_CLIENT_SETTINGS.testing,
  };
}

async function sealSecret(deps: ClientRouteDeps, tenantId: string, text: string) {
  const id = createId("sec", deps.clock, deps.random);
  return { id, sealed: await deps.sealer.seal(secretAddress(tenantId, id), secret(text)) };
}

async function find(deps: ClientRouteDeps, tenantId: string, id: string): Promise<Client> {
  const client = await deps.clients.find(id);
  if (client?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such client.");
  return client;
}

function viewOf({ publicUrl }: ClientRouteDeps, client: Client): z.infer<typeof clientView> {
  const { suspension } = client;
  return {
    id: client.id,
    provider: client.providerId,
    client_id: client.clientId,
    authentication: client.authentication,
    scopes: client.scopes,
    settings: {
      return_urls: client.settings.returnUrls,
      offline_access: client.settings.offlineAccess,
      prove: client.settings.prove,
      authorization_parameters: client.settings.authorizationParameters,
      provider_parameters: client.settings.providerParameters,
      testing: client.settings.testing,
    },
    redirect_uri: redirectUri(publicUrl, client.id),
    status: suspension ? "suspended" : "active",
    suspension: suspension && { cause: suspension.cause, code: suspension.code, since: toTime(suspension.since) },
    created_at: toTime(client.createdAt),
  };
}

function secretViewOf({ id, state, createdAt }: ClientSecret): z.infer<typeof secretView> {
  return { id, state, created_at: toTime(createdAt) };
}
