import type { TokenRequestShape } from "../oauth/token-request.ts";

type Json = Record<string, unknown>;

/** How a server's requests or answers differ from the standard in a way that cannot be read or sent alike for everybody. */
export interface Dialect {
  /** What of the token request is different. */
  request?: Partial<TokenRequestShape>;
  /** Brings an answer to the standard's shape (RFC 6749 §5). */
  answer?: (json: Json) => Json;
}

/** The token request is a JSON object. */
const json_request: Dialect = { request: { encoding: "json" } };

/** The refresh repeats `redirect_uri`. */
const repeat_redirect_uri: Dialect = { request: { repeatRedirectUri: true } };

/** The refresh repeats the granted scopes. */
const repeat_scope: Dialect = { request: { repeatScope: true } };

/** The tokens of the person are in `authed_user`, beside those of the application or alone. */
const authed_user: Dialect = {
  answer: (json) => (json["access_token"] === undefined ? { ...json, ...objectAt(json, "authed_user") } : json),
};

/** The answer is wrapped in one field: `data`, `body` or `result`. */
const wrapped_answer: Dialect = {
  answer: (json) => ({ ...json, ...objectAt(json, "data"), ...objectAt(json, "body"), ...objectAt(json, "result") }),
};

/** Names are in camelCase. */
const camel_case: Dialect = {
  answer: (json) => Object.fromEntries(Object.entries(json).map(([name, value]) => [snakeCase(name), value])),
};

/** `expires_in` counts milliseconds. */
const expires_in_milliseconds: Dialect = {
  answer: (json) =>
    json["expires_in"] === undefined ? json : { ...json, expires_in: Number(json["expires_in"]) / 1000 },
};

/** `expires_in: 0` means that the access token does not expire. */
const expires_in_zero_is_never: Dialect = {
  answer: (json) => (Number(json["expires_in"]) === 0 ? { ...json, expires_in: null } : json),
};

/**
 * All dialects, applied in the order in which an entry names them. What can be read of any server without harm is none: errors
 * inside HTTP 200, as objects or as lists; scopes with commas or as a list; lifetimes as text, as a time, or only in a JWT.
 */
export const DIALECTS = {
  json_request,
  repeat_redirect_uri,
  repeat_scope,
  authed_user,
  wrapped_answer,
  camel_case,
  expires_in_milliseconds,
  expires_in_zero_is_never,
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;

export const DIALECT_NAMES = Object.keys(DIALECTS).filter((name): name is DialectName => Object.hasOwn(DIALECTS, name));

/** Brings an answer to the standard's shape. */
export function normalise(names: readonly DialectName[], json: Json): Json {
  return names.reduce((shape, name) => dialect(name).answer?.(shape) ?? shape, json);
}

/** How the token request has to look. */
export function requestShape(names: readonly DialectName[]): Partial<TokenRequestShape> {
  return Object.assign({}, ...names.map((name) => dialect(name).request));
}

function dialect(name: DialectName): Dialect {
  return DIALECTS[name];
}

function objectAt(json: Json, name: string): Json {
  const value = json[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
