import { z } from "zod";
import { AUTHENTICATION_METHODS } from "../oauth/client-authentication.ts";
import { isUrl } from "../runtime/is-url.ts";
import { apiHostPattern } from "./api-hosts.ts";
import { DIALECT_NAMES } from "./dialect.ts";
import { failureRule } from "./failure-rule.ts";
import { providerParameter } from "./provider-parameter.ts";

/** `{name}` stands for a parameter of the entry. */
const url = z
  .string()
  .max(2000)
  .refine((value) => isUrl(value.replaceAll(/\{\w+\}/g, "x")) && /^https?:/.test(value), "an http or https URL");
const text = z.string().min(1).max(500);
/** A dotted path. The last word is no property that a JavaScript object could hold. */
const fieldPath = text.refine((path) => !path.split(".").includes("__proto__"), "a field of an answer");
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
  from: z.enum(["id_token", "userinfo", "token_response", "none"]),
  /** One field, or several that identify the account together; a dot leads into an object. */
  account_field: z.union([text, z.array(text).min(2)]).default("sub"),
  label_field: text.default("email"),
});

const requestParameters = z.record(text, text).default({});

/** What a reauthorization adds to the authorization request, so that the account is offered that has to come back. */
const reauthorization = z.strictObject({
  /** The parameter that takes the account's label (OIDC Core §3.1.2.1). Null: there is none. */
  hint_parameter: text.nullable().default("login_hint"),
  /** By the account's id: the first that fits. */
  by_account: z.array(z.strictObject({ starts_with: z.string().max(500), parameters: requestParameters })).default([]),
  /** What makes the provider ask which account, where the user is to choose another one. */
  choose_account: requestParameters,
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

/**
 * How the provider tells of accounts and tokens by itself: security event tokens (RFC 8417), which it signs, or messages that are
 * signed with a secret which it shares with the client. Where neither URL is named, its keys are where its issuer says.
 */
const securityEvents = z.strictObject({
  /** Who signs them. */
  issuer: url.nullable().default(null),
  /** The document that says where its keys are (OpenID SSF 1.0 §7), or where they are. */
  configuration_url: url.nullable().default(null),
  jwks_url: url.nullable().default(null),
  /** They come as any JWT, and do not say in their header what they are. */
  plain_jwt: z.boolean().default(false),
  /** It tells of a token that it revoked by a part or a digest of the token. */
  marks_tokens: z.boolean().default(false),
  /** Whose messages come instead, in a form of their own. */
  sender: z.enum(["slack", "github"]).nullable().default(null),
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
  /** The same for clients that show a certificate, where the server has other URLs for them (RFC 8705 §5). */
  certificate_token_url: url.nullable().default(null),
  certificate_revocation_url: url.nullable().default(null),
  userinfo_url: url.nullable().default(null),
  /** The server sends `iss` with every authorization response (RFC 9207). */
  iss_parameter: z.boolean().default(false),
  pkce: z.enum(["S256", "none"]).default("S256"),
  authentication: z.enum(AUTHENTICATION_METHODS).default("client_secret_basic"),
  /** What proofs of a key may be signed with, by the server's own list (RFC 9449 §5.1); empty: not known. */
  dpop_algorithms: z.array(text).default([]),
  scope_separator: z.enum([" ", ","]).default(" "),
  /** Scopes that identify the account; asked for with every authorization. */
  identity_scopes: z.array(text).default([]),
  /** Other spellings of a scope: what is written, and the name that it is compared by. Case never counts. */
  scope_aliases: z.record(text, text).default({}),
  /** What may stand before a scope, or be left out: the name of the API that it belongs to. */
  scope_prefixes: z.array(text).default([]),
  /** Scopes that include others; an answer may name the larger one only. */
  scope_implies: z.record(text, z.array(text)).default({}),
  /** Scopes that answers do not name though they were granted; those of offline access are such anyhow. */
  unechoed_scopes: z.array(text).default([]),
  offline_access: offlineAccess.default({ scopes: [], parameters: {} }),
  authorization_parameters: z.record(text, text).default({}),
  lifetimes: z
    .strictObject({ access_seconds: duration, idle_seconds: duration, absolute_seconds: duration })
    .default({ access_seconds: null, idle_seconds: null, absolute_seconds: null }),
  replay: replay.default({ class: "none" }),
  pace: pace.default({ per_second: 10, concurrent: 3 }),
  identity: identity.default({ from: "none", account_field: "sub", label_field: "email" }),
  reauthorization: reauthorization.default({ hint_parameter: "login_hint", by_account: [], choose_account: {} }),
  /** Families: what a client has to say, by the name that stands in the URLs. */
  parameters: z.record(z.string().regex(/^[a-z_]+$/), providerParameter).default({}),
  dialects: z.array(z.enum(DIALECT_NAMES)).default([]),
  /** More parameters of the token requests, by grant. */
  token_parameters: z
    .strictObject({
      authorization_code: z.record(text, text).default({}),
      refresh_token: z.record(text, text).default({}),
    })
    .default({ authorization_code: {}, refresh_token: {} }),
  /** Whether an answer brings another refresh token; each answer decides, this is for people. Null: not known. */
  rotation: z.enum(["always", "sometimes", "never"]).nullable().default(null),
  /** A refresh ends the access token before. Null: not known. */
  refresh_ends_access_token: z.boolean().nullable().default(null),
  /** Refresh tokens that live at once of one account and client; one more ends the oldest. Null: not known, or no limit. */
  most_refresh_tokens: z.int().positive().nullable().default(null),
  /** Fields of the token answer that callers need, because they name the API's host or the account. */
  answer_fields: z.array(fieldPath).default([]),
  /** Hosts of its APIs, to which the proxy may carry access tokens (`api-hosts.ts`); empty: not known. */
  api_hosts: z.array(apiHostPattern).default([]),
  /** The header in which its APIs take the token, bare. Null: `Authorization` (RFC 6750 §2.1). */
  api_token_header: z
    .string()
    .regex(/^x-[a-z0-9-]{1,60}$/i, "a header that begins with X-")
    .nullable()
    .default(null),
  failure_rules: z.array(failureRule).default([]),
  /** How a client secret is changed: both live for a while, or the old one ends at once. Null: not known. */
  secret_rotation: z.enum(["two_live", "replaced_at_once"]).nullable().default(null),
  /** More scopes later: whether the union can be asked for, and whether the new consent ends the tokens before. */
  scope_upgrade: z
    .strictObject({
      parameters: z.record(text, text).default({}),
      ends_earlier_tokens: z.boolean().nullable().default(null),
    })
    .default({ parameters: {}, ends_earlier_tokens: null }),
  security_events: securityEvents.nullable().default(null),
  /** Requests that may carry `claims` (OIDC Core §5.5), with which an API's claims challenge is answered. */
  claims_parameter: z.array(z.enum(["authorization", "refresh"])).default([]),
  /** What goes wrong at this provider, a sentence each; shown beside the fields of a new client. */
  pitfalls: z.array(text).default([]),
  docs_url: url.nullable().default(null),
  confidence: z.enum(["high", "medium", "low"]).default("low"),
  /** Fields of this entry that nobody could verify. */
  unverified_fields: z.array(text).default([]),
  verified_on: z.iso.date().nullable().default(null),
  sources: z.array(url).default([]),
});

export type Provider = z.infer<typeof providerSchema>;

/** Does the provider tell of a token that it revoked by what `marksOf` names? */
export function marksTokens({ security_events: events }: Pick<Provider, "security_events">): boolean {
  return events?.marks_tokens ?? false;
}

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
