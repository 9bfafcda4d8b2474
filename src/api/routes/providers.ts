import { z } from "zod";
import { permits, type Caller } from "../../access/authenticator.ts";
import { DEFAULT_TENANT } from "../../access/store.ts";
import type { Transport } from "../../oauth/http.ts";
import type { Catalogue } from "../../provider/catalogue.ts";
import { discoverProvider } from "../../provider/discovery.ts";
import { providerId, providerSchema } from "../../provider/provider.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, name, secured } from "../wire.ts";

export const providerView = providerSchema.extend({ custom: z.boolean() }).meta({ id: "Provider" });

/** Either an issuer, from whose metadata the rest is taken, or an entry of the catalogue's shape. */
const putBody = z.union([
  z.strictObject({ issuer: z.url({ protocol: /^https?$/ }).max(2000), name: name.optional() }),
  providerSchema.omit({ id: true, confidence: true, verified_on: true }),
]);

export interface ProviderRouteDeps {
  catalogue: Catalogue;
  transport: Transport;
  actingFor: ForCaller<Acting>;
}

export function providerRoutes(app: App, { catalogue, transport, actingFor }: ProviderRouteDeps): void {
  app.get(
    "/v1/providers",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "All providers",
        security: secured,
        response: { 200: z.object({ providers: z.array(providerView) }), ...failures },
      },
    },
    async () => {
      const entries = await catalogue.list();
      return { providers: entries.map(({ provider, custom }) => ({ ...provider, custom })) };
    },
  );

  app.get(
    "/v1/providers/:id",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "One provider",
        security: secured,
        params: idParams,
        response: { 200: providerView, ...failures },
      },
    },
    async (request) => {
      const entry = (await catalogue.list()).find(({ provider }) => provider.id === request.params.id);
      if (!entry) throw new ServiceError("not_found", "There is no such provider.");
      return { ...entry.provider, custom: entry.custom };
    },
  );

  app.put(
    "/v1/providers/:id",
    {
      config: { scope: "clients:write" },
      schema: {
        summary: "Define or change a custom provider",
        description:
          "With only `issuer`, the entry is taken from what the issuer publishes (RFC 8414, OIDC Discovery). One that is there already, built-in or not, is changed with the scope `admin` alone, and none by a key of a tenant.",
        security: secured,
        params: z.object({ id: providerId }),
        body: putBody,
        response: { 200: providerView, ...failures },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { body } = request;
      const caller = callerOf(request);
      await requireMayPut(catalogue, caller, id);
      const provider =
        "token_url" in body
          ? providerSchema.parse({ ...body, id })
          : await discoverProvider(transport, id, body.name ?? id, body.issuer);
      const act = actOf(request, "provider.put", id, { fields: Object.keys(body).join(" ") });
      await actingFor(caller)(act).providers.put(provider);
      return { ...provider, custom: true };
    },
  );
}

/**
 * All tenants share the entries, and an entry says where the secrets and refresh tokens of its clients are sent: whoever changes one
 * could have them all sent to himself. Throws `forbidden`.
 */
async function requireMayPut(catalogue: Catalogue, caller: Caller, id: string): Promise<void> {
  if (caller.tenantId !== DEFAULT_TENANT) {
    throw new ServiceError(
      "forbidden",
      "Providers are shared by all tenants; only the operator's API keys define them.",
    );
  }
  if (permits(caller, "admin") || (await catalogue.find(id)) === null) return;
  throw new ServiceError("forbidden", 'This provider exists already; changing it needs the scope "admin".');
}
