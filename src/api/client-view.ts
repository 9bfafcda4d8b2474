import { z } from "zod";
import { PROOFS, type ClientSecret } from "../client/client-secret.ts";
import type { Client, Suspension } from "../client/client.ts";
import { publishedKey } from "../client/client-key.ts";
import { jwksUri } from "../client/jwks-uri.ts";
import { redirectUri } from "../client/redirect-uri.ts";
import { secretWarnings } from "../client/secret-warnings.ts";
import { sentence as sentenceOf } from "../connection/cause.ts";
import { AUTHENTICATION_METHODS } from "../oauth/client-authentication.ts";
import { exactHost } from "../provider/api-hosts.ts";
import { scopes, time, toTime, toTimeOrNull } from "./wire.ts";

/** Parameters that put another request in the place of ours (RFC 9101), or send its answer elsewhere. */
const REPLACES_THE_REQUEST = ["request", "request_uri", "response_mode"];

export const clientSettingsSchema = z.strictObject({
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
  assertion_audience: z
    .string()
    .min(1)
    .max(2000)
    .nullable()
    .describe(
      "Who client assertions are for, where the provider does not go by the URL of its token endpoint; null: that URL",
    )
    .optional(),
  required_scopes: scopes
    .describe("Asked for with every consent; a connection without one of them is degraded, and goes on")
    .optional(),
  probe_every_days: z
    .int()
    .min(0)
    .max(365)
    .describe(
      "A connection that nothing has proven for so many days is asked about with the access token that it has; 0: none is",
    )
    .optional(),
  proxy_hosts: z
    .array(exactHost)
    .max(50)
    .describe(
      "Hosts that the proxy may carry its tokens to, beside the provider's own; http:// only for private hosts that are allowed",
    )
    .optional(),
  testing: z.boolean().describe("In status Testing at Google, where refresh tokens live seven days").optional(),
});

export const clientSecretSchema = z
  .object({
    id: z.string(),
    state: z.enum(["staged", "active", "retired"]),
    created_at: time,
    created_by: z
      .string()
      .nullable()
      .describe("Id of the API key; here and below null where the service did it itself"),
    promoted_at: time.nullable().describe("When it took the place of another"),
    promoted_by: z.string().nullable(),
    retired_at: time.nullable(),
    retired_by: z.string().nullable(),
    kept_until: time.nullable().describe("A retired one is tried until then if its successor is refused"),
    is_erased: z.boolean(),
    last_used_at: time.nullable().describe("Up to a minute behind"),
    proven_count: z.int().describe(`Refreshes that succeeded while it was staged; ${PROOFS} prove it`),
    promotes_itself: z.boolean().describe("Becomes the active one as soon as it is proven"),
    refusal: z.object({ code: z.string(), at: time }).nullable().describe("The provider does not know it"),
    expires_at: time.nullable(),
    signing_key: z.looseObject({ kid: z.string(), alg: z.string() }).nullable().describe("The public key (RFC 7517)"),
    certificate: z.string().nullable().describe("In PEM"),
  })
  .meta({ id: "ClientSecret" });

export const clientSchema = z
  .object({
    id: z.string(),
    provider: z.string(),
    client_id: z.string(),
    authentication: z.enum(AUTHENTICATION_METHODS),
    dpop: z.boolean().describe("Its tokens are bound to a key from the next consent on (RFC 9449)"),
    scopes: z.array(z.string()),
    settings: clientSettingsSchema.required(),
    redirect_uri: z.string().describe("Register exactly this at the provider"),
    jwks_uri: z
      .string()
      .nullable()
      .describe("Where the provider finds the keys that the client signs with (RFC 7591 §2); null: it does not sign"),
    status: z.enum(["active", "suspended"]),
    suspension: z
      .object({ cause: z.string(), code: z.string(), since: time, sentence: z.string().describe("For the operator") })
      .nullable(),
    secret_expires_at: time.nullable().describe("When the active secret ends, as far as was said"),
    warnings: z.array(z.object({ code: z.string(), secret: z.string(), sentence: z.string() })),
    created_at: time,
  })
  .meta({ id: "Client" });

export interface ClientViewContext {
  publicUrl: string;
  now: number;
}

/** `secrets`: those of this client. */
export function clientView(
  client: Client,
  secrets: readonly ClientSecret[],
  { publicUrl, now }: ClientViewContext,
): z.infer<typeof clientSchema> {
  const { suspension } = client;
  return {
    id: client.id,
    provider: client.providerId,
    client_id: client.clientId,
    authentication: client.authentication,
    dpop: client.dpopKey !== null,
    scopes: client.scopes,
    settings: {
      return_urls: client.settings.returnUrls,
      offline_access: client.settings.offlineAccess,
      prove: client.settings.prove,
      authorization_parameters: client.settings.authorizationParameters,
      provider_parameters: client.settings.providerParameters,
      assertion_audience: client.settings.assertionAudience,
      required_scopes: client.settings.requiredScopes,
      probe_every_days: client.settings.probeEveryDays,
      proxy_hosts: client.settings.proxyHosts,
      testing: client.settings.testing,
    },
    redirect_uri: redirectUri(publicUrl, client),
    jwks_uri: client.authentication === "private_key_jwt" ? jwksUri(publicUrl, client) : null,
    status: suspension ? "suspended" : "active",
    suspension: suspension && suspensionView(suspension),
    secret_expires_at: toTimeOrNull(secrets.find(({ state }) => state === "active")?.expiresAt ?? null),
    warnings: secretWarnings(secrets, now).map(({ secretId, ...warning }) => ({ ...warning, secret: secretId })),
    created_at: toTime(client.createdAt),
  };
}

function suspensionView({ cause, code, since }: Suspension) {
  return { cause, code, since: toTime(since), sentence: sentenceOf(cause) };
}

export function clientSecretView(secret: ClientSecret): z.infer<typeof clientSecretSchema> {
  const { refusal } = secret;
  return {
    id: secret.id,
    state: secret.state,
    created_at: toTime(secret.createdAt),
    created_by: secret.createdBy,
    promoted_at: toTimeOrNull(secret.promotedAt),
    promoted_by: secret.promotedBy,
    retired_at: toTimeOrNull(secret.retiredAt),
    retired_by: secret.retiredBy,
    kept_until: toTimeOrNull(secret.sealed === null ? null : secret.keptUntil),
    is_erased: secret.sealed === null,
    last_used_at: toTimeOrNull(secret.lastUsedAt),
    proven_count: secret.provenCount,
    promotes_itself: secret.promotesItself,
    refusal: refusal && { code: refusal.code, at: toTime(refusal.at) },
    expires_at: toTimeOrNull(secret.expiresAt),
    ...shownParts(secret),
  };
}

function shownParts({ shown }: ClientSecret) {
  const key = publishedKey(shown);
  return { signing_key: key, certificate: key === null ? shown : null };
}
