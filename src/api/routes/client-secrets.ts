import { z } from "zod";
import { secretAddress } from "../../client/authentication.ts";
import { MOST_LIVE, PROOFS, type Addition, type ClientSecret, type NewSecret } from "../../client/client-secret.ts";
import { publishedKey } from "../../client/client-key.ts";
import { PUBLISHED_BEFORE } from "../../client/jwks-uri.ts";
import type { ClientKeys } from "../../client/client-keys.ts";
import type { Client, ClientStore } from "../../client/client.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Observer } from "../../runtime/observer.ts";
import type { Random } from "../../runtime/random.ts";
import type { Sealer } from "../../runtime/sealer.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { proofFields, readProof, type Proof } from "../client-proof.ts";
import { clientSecretSchema, clientSecretView } from "../client-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured, time } from "../wire.ts";

export const expiry = time.describe("When the provider ends the secret; warned of 30, 7 and 1 days ahead");

export const addBody = z
  .strictObject({
    ...proofFields,
    expires_at: expiry.optional(),
    stage: z
      .enum(["staged", "active"])
      .describe("Staged, where there is an active one that the provider takes; else active")
      .optional(),
    promote: z
      .enum(["manually", "when_proven"])
      .describe("A staged secret becomes the active one by a call, or by itself once it is proven")
      .optional(),
    retire: z
      .enum(["later", "now"])
      .describe("`now`: whatever was there is erased and never used again, as after a leak")
      .optional(),
  })
  .refine(({ stage, retire }) => retire !== "now" || stage === "active", {
    path: ["retire"],
    message: "`now` needs a stage of `active`",
  })
  .refine(({ stage, promote }) => promote !== "when_proven" || stage !== "active", {
    path: ["promote"],
    message: "is about a staged secret",
  });

const promoteBody = z.strictObject({
  force: z.boolean().default(false).describe("Also when it is not proven, or was refused"),
});

const secretParams = idParams.extend({ secret: z.string().max(300) });

export interface ClientSecretRouteDeps {
  clients: ClientStore;
  sealer: Sealer;
  keys: ClientKeys;
  clock: Clock;
  random: Random;
  observer: Observer;
  acting: Acting;
}

export function clientSecretRoutes(app: App, depsFor: ForCaller<ClientSecretRouteDeps>): void {
  addRoute(app, depsFor);
  listRoute(app, depsFor);
  promoteRoute(app, depsFor);
  retireRoute(app, depsFor);
}

function addRoute(app: App, depsFor: ForCaller<ClientSecretRouteDeps>): void {
  app.post(
    "/v1/clients/:id/secrets",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Add a secret, which is tried before it is relied upon",
        description:
          "A staged secret is tried by a few refreshes, one at a time, which fall back to the active one if the provider refuses it. Where there is no active secret, or the provider refuses that one, it is used from the next token request on, and a suspended client goes on at once. Two secrets at a time.",
        security: secured,
        params: idParams,
        body: addBody,
        response: { 201: clientSecretSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId, keyId } = caller;
      const deps = depsFor(caller);
      const client = await findClient(deps, tenantId, request.params.id);
      const { expires_at: expiresAt, stage, promote, retire, ...given } = request.body;
      const wish = { stage, promote, retire };
      const proof = await readProof(deps.keys, client.authentication, given);
      if (!proof) throw new ServiceError("invalid_request", "A client that authenticates with `none` has no secret.");
      const added = await newSecret(deps, { tenantId, keyId }, { proof, expiresAt });
      const act = actOf(request, "client_secret.added", client.id, { secret: added.id, retire: retire ?? null });
      const { clients } = deps.acting(act);
      if ((await add(clients, client, added, wish)) === "full") throw await tooMany(deps, client.id);
      const stored = await findSecret(deps, client.id, added.id);
      deps.observer.event("client.secret_added", {
        clientId: client.id,
        secretId: stored.id,
        state: stored.state,
        by: keyId,
      });
      return reply.status(201).send(clientSecretView(stored));
    },
  );
}

type Wish = Pick<z.infer<typeof addBody>, "stage" | "promote" | "retire">;

/** One that the provider refuses is no use staging a secret beside. */
function add(
  clients: ClientStore,
  { id, suspension }: Client,
  added: NewSecret,
  { stage, promote, retire }: Wish,
): Promise<Addition> {
  const isRefused = suspension?.cause === "client_secret_rejected";
  if (stage === "active" || (stage === undefined && isRefused)) {
    return clients.replaceSecret(id, added, {
      ...(retire === "now" && { keepMs: 0 }),
      makesRoom: retire === "now" || isRefused,
    });
  }
  return clients.stageSecret(id, added, { promotesItself: promote === "when_proven" });
}

async function tooMany({ clients }: ClientSecretRouteDeps, clientId: string): Promise<ServiceError> {
  const live = await clients.liveSecrets(clientId);
  const names = live.map(({ id, state }) => `${id} (${state})`).join(" and ");
  return new ServiceError(
    "conflict",
    `A client has at most ${MOST_LIVE} secrets, and this one has ${names}. Promote the staged one, or DELETE the one that is not active.`,
  );
}

function listRoute(app: App, depsFor: ForCaller<ClientSecretRouteDeps>): void {
  app.get(
    "/v1/clients/:id/secrets",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "What became of a client's secrets, newest first",
        security: secured,
        params: idParams,
        response: { 200: z.object({ secrets: z.array(clientSecretSchema) }), ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const client = await findClient(deps, caller.tenantId, request.params.id);
      return { secrets: (await deps.clients.listSecrets([client.id])).map(clientSecretView) };
    },
  );
}

function promoteRoute(app: App, depsFor: ForCaller<ClientSecretRouteDeps>): void {
  app.post(
    "/v1/clients/:id/secrets/:secret/promote",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Make the staged secret the active one",
        description: "The one before is kept for a day, in case the provider refuses the new one, and then erased.",
        security: secured,
        params: secretParams,
        body: promoteBody.nullish(),
        response: { 200: clientSecretSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { tenantId, keyId } = caller;
      const deps = depsFor(caller);
      const client = await findClient(deps, tenantId, request.params.id);
      const found = await findSecret(deps, client.id, request.params.secret);
      const options = { by: keyId, force: request.body?.force ?? false };
      const act = actOf(request, "client_secret.promoted", client.id, { secret: found.id, forced: options.force });
      const promotion = await deps.acting(act).clients.promoteSecret(client.id, found.id, options);
      const stored = await findSecret(deps, client.id, found.id);
      if (promotion !== "promoted") throw notPromoted(promotion, stored);
      deps.observer.event("client.secret_promoted", { clientId: client.id, secretId: stored.id, by: keyId });
      return clientSecretView(stored);
    },
  );
}

function notPromoted(
  why: "unproven" | "refused" | "not_staged",
  { state, provenCount, refusal }: ClientSecret,
): ServiceError {
  switch (why) {
    case "not_staged":
      return new ServiceError("conflict", `Only a staged secret is promoted, and this one is ${state}.`);
    case "refused":
      return new ServiceError(
        "conflict",
        `The provider refused this secret (${refusal?.code ?? "unknown"}). Add the right one; \`force\` promotes this one nevertheless.`,
      );
    case "unproven":
      return new ServiceError(
        "conflict",
        `${provenCount} of ${PROOFS} refreshes have proven this secret. Wait for the others; \`force\` promotes it nevertheless.`,
      );
  }
}

function retireRoute(app: App, depsFor: ForCaller<ClientSecretRouteDeps>): void {
  app.delete(
    "/v1/clients/:id/secrets/:secret",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Erase a secret that is not the active one",
        security: secured,
        params: secretParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId, keyId } = caller;
      const deps = depsFor(caller);
      const client = await findClient(deps, tenantId, request.params.id);
      const { secret: id } = request.params;
      const act = actOf(request, "client_secret.erased", client.id, { secret: id });
      switch (await deps.acting(act).clients.retireSecret(client.id, id, keyId)) {
        case "unknown":
          throw noSecret();
        case "active":
          throw new ServiceError(
            "conflict",
            "This is the active secret, without which nothing is refreshed. Add its successor; with `retire: now` this one is erased.",
          );
        case "retired":
          deps.observer.event("client.secret_erased", { clientId: client.id, secretId: id, by: keyId });
          return reply.status(204).send(null);
      }
    },
  );
}

/** Throws `invalid_request` for one that has expired already. */
export async function newSecret(
  { clock, random, sealer }: Pick<ClientSecretRouteDeps, "clock" | "random" | "sealer">,
  { tenantId, keyId }: { tenantId: string; keyId: string },
  { proof, expiresAt }: { proof: Proof; expiresAt: string | undefined },
): Promise<NewSecret> {
  const end = expiresAt === undefined ? proof.expiresAt : Date.parse(expiresAt);
  if (end !== null && end <= clock.now()) throw new ServiceError("invalid_request", "expires_at: lies in the past.");
  const id = createId("sec", clock, random);
  const sealed = await sealer.seal(secretAddress(tenantId, id), proof.opened);
  const isKey = publishedKey(proof.shown) !== null;
  return { id, sealed, expiresAt: end, createdBy: keyId, shown: proof.shown, restsMs: isKey ? PUBLISHED_BEFORE : 0 };
}

export async function findClient(
  { clients }: Pick<ClientSecretRouteDeps, "clients">,
  tenantId: string,
  id: string,
): Promise<Client> {
  const client = await clients.find(id);
  if (client?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such client.");
  return client;
}

async function findSecret({ clients }: ClientSecretRouteDeps, clientId: string, id: string): Promise<ClientSecret> {
  const found = (await clients.listSecrets([clientId])).find((candidate) => candidate.id === id);
  if (!found) throw noSecret();
  return found;
}

function noSecret(): ServiceError {
  return new ServiceError("not_found", "This client has no such secret, or it is erased.");
}
