import { z } from "zod";
import { AUTHENTICATION_METHODS } from "../oauth/client-authentication.ts";

const url = z.url({ protocol: /^https?$/ }).max(2000);
const text = z.string().min(1).max(500);
const duration = z.int().positive().nullable().default(null);

export const providerId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens");

/** What happens when a used refresh token is sent again (DESIGN §5). Unknown means `none`. */
const replay = z.discriminatedUnion("class", [
  z.strictObject({ class: z.literal("static") }),
  z.strictObject({ class: z.literal("until_used") }),
  z.strictObject({ class: z.literal("window"), seconds: z.int().positive() }),
  z.strictObject({ class: z.literal("none") }),
  z.strictObject({ class: z.literal("punished") }),
]);

/** What asks this provider for a refresh token: scopes, parameters of the authorization request, or both. */
const offlineAccess = z.strictObject({
  scopes: z.array(text).default([]),
  parameters: z.record(text, text).default({}),
});

/** Where the stable identity of the account comes from, so that a reauthorization can be held to the same account. */
const identity = z.strictObject({
  from: z.enum(["id_token", "userinfo", "none"]),
  account_field: text.default("sub"),
  label_field: text.default("email"),
});

/**
 * How many token requests the host takes. Where the limits are not known, few: there are authorization servers that take more
 * than three requests at once from one machine for an attack and end the sessions of all its users.
 */
const pace = z.strictObject({
  /** Token requests a second, by all instances together. */
  per_second: z.number().min(0.01).max(100_000).default(10),
  /** Token requests under way at once, by one instance. */
  concurrent: z.int().min(1).max(10_000).default(3),
});

/** One catalogue entry. Adding a provider is one JSON file of this shape. */
export const providerSchema = z.strictObject({
  id: providerId,
  name: text,
  issuer: url.nullable().default(null),
  authorization_url: url,
  token_url: url,
  /** Where refreshes go, if not to `token_url`. */
  refresh_url: url.nullable().default(null),
  revocation_url: url.nullable().default(null),
  userinfo_url: url.nullable().default(null),
  /** The server sends `iss` with every authorization response (RFC 9207). */
  iss_parameter: z.boolean().default(false),
  pkce: z.enum(["S256", "none"]).default("S256"),
  authentication: z.enum(AUTHENTICATION_METHODS).default("client_secret_basic"),
  scope_separator: z.enum([" ", ","]).default(" "),
  /** Scopes that identify the account; asked for with every authorization. */
  identity_scopes: z.array(text).default([]),
  offline_access: offlineAccess.default({ scopes: [], parameters: {} }),
  authorization_parameters: z.record(text, text).default({}),
  lifetimes: z
    .strictObject({ access_seconds: duration, idle_seconds: duration, absolute_seconds: duration })
    .default({ access_seconds: null, idle_seconds: null, absolute_seconds: null }),
  replay: replay.default({ class: "none" }),
  pace: pace.default({ per_second: 10, concurrent: 3 }),
  identity: identity.default({ from: "none", account_field: "sub", label_field: "email" }),
  confidence: z.enum(["high", "medium", "low"]).default("low"),
  verified_on: z.iso.date().nullable().default(null),
  sources: z.array(url).default([]),
});

export type Provider = z.infer<typeof providerSchema>;

/** Each thing that asks `provider` for offline access and that `request` lacks, as `scope=…` or `name=value`. */
export function missingOfflineAccess(
  provider: Provider,
  request: { scopes: readonly string[]; parameters: Readonly<Record<string, string>> },
): string[] {
  const { scopes, parameters } = provider.offline_access;
  return [
    ...scopes.filter((scope) => !request.scopes.includes(scope)).map((scope) => `scope=${scope}`),
    ...Object.entries(parameters)
      .filter(([name, value]) => request.parameters[name] !== value)
      .map(([name, value]) => `${name}=${value}`),
  ];
}
