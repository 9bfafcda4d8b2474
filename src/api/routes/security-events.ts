import { z } from "zod";
import type { Client, ClientStore } from "../../client/client.ts";
import { addressOf } from "../../client/redirect-uri.ts";
import { providerOf } from "../../client/provider-of.ts";
import type { Catalogue } from "../../provider/catalogue.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createId } from "../../runtime/id.ts";
import type { Random } from "../../runtime/random.ts";
import type { Sealer } from "../../runtime/sealer.ts";
import { secret } from "../../runtime/secret.ts";
import {
  signingSecretAddress,
  type ReceiverSecret,
  type ReceiverSettings,
  type SealedSigningSecret,
  type SecurityEventReceiverStore,
} from "../../security-event/receiver.ts";
import type { SecurityEventStore } from "../../security-event/store.ts";
import { actOf, type Acting } from "../acts.ts";
import { eventSchema, eventView, receiverSchema } from "../security-event-view.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured } from "../wire.ts";
import { findClient } from "./client-secrets.ts";

const sharedSecret = z
  .string()
  .min(8)
  .max(1000)
  .nullable()
  .describe("Sealed, and shown to nobody; null takes it away")
  .optional();

const changeBody = z.strictObject({
  issuer: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullable()
    .describe("Null: as the provider's entry says")
    .optional(),
  audience: z.array(z.string().min(1).max(1000)).max(50).describe("Empty: the client's id at the provider").optional(),
  poll_url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullable()
    .describe("Null: the issuer pushes")
    .optional(),
  poll_token: sharedSecret,
  slack_signing_secret: sharedSecret,
  github_webhook_secret: sharedSecret,
});

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().max(100).optional().describe("Only those before this id, for the next page"),
  client: z.string().max(100).optional(),
});

export interface SecurityEventRouteDeps {
  clients: ClientStore;
  catalogue: Catalogue;
  receivers: SecurityEventReceiverStore;
  securityEvents: Pick<SecurityEventStore, "list">;
  sealer: Sealer;
  clock: Clock;
  random: Random;
  publicUrl: string;
  acting: Acting;
}

export function securityEventRoutes(app: App, depsFor: ForCaller<SecurityEventRouteDeps>): void {
  inboxRoute(app, depsFor);
  receiverRoutes(app, depsFor);
}

function inboxRoute(app: App, depsFor: ForCaller<SecurityEventRouteDeps>): void {
  app.get(
    "/v1/security-events",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Security events that providers sent, newest first",
        description: "Kept for 30 days.",
        security: secured,
        querystring: listQuery,
        response: {
          200: z.object({ security_events: z.array(eventSchema), next_before: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async (request) => {
      const { limit, before = null, client = null } = request.query;
      const caller = callerOf(request);
      const { tenantId } = caller;
      const { securityEvents } = depsFor(caller);
      const found = await securityEvents.list({ tenantId, limit: limit + 1, before, clientId: client });
      const page = found.slice(0, limit);
      const nextBefore = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { security_events: page.map(eventView), next_before: nextBefore };
    },
  );
}

function receiverRoutes(app: App, depsFor: ForCaller<SecurityEventRouteDeps>): void {
  app.get(
    "/v1/clients/:id/security-events",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Where a client's provider sends security events, and whose are taken",
        security: secured,
        params: idParams,
        response: { 200: receiverSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      return receiverView(deps, await findClient(deps, caller.tenantId, request.params.id));
    },
  );

  app.put(
    "/v1/clients/:id/security-events",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Change whose security events are taken for a client, and the secrets that sign them",
        description: "What is not named stays as it is.",
        security: secured,
        params: idParams,
        body: changeBody,
        response: { 200: receiverSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const deps = depsFor(caller);
      const { body } = request;
      const client = await findClient(deps, caller.tenantId, request.params.id);
      const changed = Object.keys(body).map((name) => `security_events.${name}`);
      const { receivers } = deps.acting(actOf(request, "client.changed", client.id, { changed: changed.join(" ") }));
      await receivers.change(client.id, {
        settings: await settingsOf(deps, client, body),
        secrets: await secretsOf(deps, client, body),
      });
      return receiverView(deps, client);
    },
  );
}

type Wish = z.infer<typeof changeBody>;

async function settingsOf(
  { receivers }: SecurityEventRouteDeps,
  client: Client,
  { issuer, audience, poll_url: pollUrl }: Wish,
): Promise<ReceiverSettings> {
  const before = await receivers.settings(client.id);
  return {
    issuer: issuer === undefined ? before.issuer : issuer,
    audience: audience ?? before.audience,
    pollUrl: pollUrl === undefined ? before.pollUrl : pollUrl,
  };
}

async function secretsOf(
  { sealer, clock, random }: SecurityEventRouteDeps,
  { tenantId }: Client,
  wish: Wish,
): Promise<(readonly [ReceiverSecret, SealedSigningSecret | null])[]> {
  const given = [
    ["slack", wish.slack_signing_secret],
    ["github", wish.github_webhook_secret],
    ["poll", wish.poll_token],
  ] as const;
  const secrets: (readonly [ReceiverSecret, SealedSigningSecret | null])[] = [];
  for (const [sender, word] of given) {
    if (word === undefined) continue;
    const id = createId("sgn", clock, random);
    const sealed = word === null ? null : await sealer.seal(signingSecretAddress(tenantId, id), secret(word));
    secrets.push([sender, sealed && { id, sealed }]);
  }
  return secrets;
}

async function receiverView(deps: SecurityEventRouteDeps, client: Client): Promise<z.infer<typeof receiverSchema>> {
  const { receivers, catalogue, publicUrl } = deps;
  const provider = await providerOf(catalogue, client);
  const settings = await receivers.settings(client.id);
  const url = `${addressOf(publicUrl, client)}/security-events/${client.id}`;
  return {
    client: client.id,
    push_url: url,
    issuer: settings.issuer ?? provider?.security_events?.issuer ?? null,
    audience: settings.audience.length > 0 ? [...settings.audience] : [client.clientId],
    poll_url: settings.pollUrl,
    poll_token: (await receivers.signingSecret(client.id, "poll")) !== null,
    slack_url: `${url}/slack`,
    slack_signing_secret: (await receivers.signingSecret(client.id, "slack")) !== null,
    github_url: `${url}/github`,
    github_webhook_secret: (await receivers.signingSecret(client.id, "github")) !== null,
  };
}
