import { secret, type Secret } from "../runtime/secret.ts";
import { nonEmptyString, readError, type OAuthError } from "./error-answer.ts";
import type { HttpResponse } from "./http.ts";
import { parseJsonObject } from "./json-object.ts";
import { accessLifetime, refreshLifetime, type AnswerTime } from "./token-lifetime.ts";

/** What a token endpoint said, before anybody decides what it means. */
export type TokenResponse =
  | { kind: "tokens"; tokens: ReceivedTokens }
  | { kind: "error"; error: OAuthError }
  | { kind: "unreadable"; problem: "empty" | "html" | "not_json" | "no_access_token" };

/** RFC 6749 §5.1, read as tolerantly as real servers require. */
export interface ReceivedTokens {
  accessToken: Secret<string>;
  tokenType: string;
  /** Null when absent, null, or empty: the stored refresh token then stays (RFC 6749 §6). */
  refreshToken: Secret<string> | null;
  /** Seconds from when the request was sent; null when the server did not say. */
  expiresIn: number | null;
  /** Seconds; not standard, sent by several servers. */
  refreshExpiresIn: number | null;
  /** Null when absent, which means the scope that was asked for (RFC 6749 §5.1). */
  scope: string[] | null;
  idToken: Secret<string> | null;
  /** Other fields of the answer that callers need, by their dotted path. */
  answerFields: Record<string, string>;
}

type Json = Record<string, unknown>;

/** How to read one server's answers. */
export interface Reading {
  /** When the request was sent, by our clock; epoch milliseconds. */
  sentAt: number;
  /** Brings the server's shape to the standard's. */
  normalise?: (json: Json) => Json;
  /** Dotted paths of the fields to keep beside the tokens. */
  answerFields?: readonly string[];
}

/** Reads a token endpoint's answer. Never throws, and never quotes the body: it may hold a token. */
export function readTokenResponse(response: HttpResponse, reading: Reading): TokenResponse {
  const text = new TextDecoder().decode(response.body).trim();
  if (text === "") return { kind: "unreadable", problem: "empty" };
  const raw = parseJsonObject(text);
  if (!raw) return { kind: "unreadable", problem: text.startsWith("<") ? "html" : "not_json" };
  const json = reading.normalise ? reading.normalise(raw) : raw;
  const tokens = readTokens(json, raw, reading, answerTime(response, reading.sentAt));
  const error = readError(response.status, json);
  if (error && (response.status >= 400 || !(tokens || mayHoldTokens(raw)))) return { kind: "error", error };
  return tokens ? { kind: "tokens", tokens } : { kind: "unreadable", problem: "no_access_token" };
}

function readTokens(json: Json, raw: Json, reading: Reading, time: AnswerTime): ReceivedTokens | null {
  const accessToken = secretOf(json["access_token"]);
  if (accessToken === null) return null;
  return {
    accessToken,
    tokenType: tokenType(json["token_type"]),
    refreshToken: secretOf(json["refresh_token"]),
    expiresIn: accessLifetime(json, accessToken, time),
    refreshExpiresIn: refreshLifetime(json, time),
    scope: scopes(json["scope"] ?? json["scopes"]),
    idToken: secretOf(json["id_token"]),
    answerFields: fieldsOf(raw, reading.answerFields ?? []),
  };
}

function answerTime({ headers }: HttpResponse, sentAt: number): AnswerTime {
  const date = headers["date"] ?? "";
  const server = date.endsWith("GMT") ? Date.parse(date) : Number.NaN;
  return { server: Number.isNaN(server) ? null : server / 1000, local: sentAt / 1000 };
}

/** A success that says "error" may be one whose tokens are where nobody looked; they must not be taken for lost in vain. */
function mayHoldTokens(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null || depth > 5) return false;
  return Object.entries(value).some(([name, inner]) =>
    /^(access|refresh)_?token$/i.test(name) ? nonEmptyString(inner) !== null : mayHoldTokens(inner, depth + 1),
  );
}

function secretOf(value: unknown): Secret<string> | null {
  const text = nonEmptyString(value);
  return text === null ? null : secret(text);
}

/** An authentication scheme (RFC 9110 §11.1); anything else would not fit into a header. */
function tokenType(value: unknown): string {
  return typeof value === "string" && /^[\w-]{1,40}$/.test(value) ? value : "Bearer";
}

/** Blanks by the standard; some servers separate by commas or send a list. */
function scopes(value: unknown): string[] | null {
  const text = Array.isArray(value) ? value.filter((one) => typeof one === "string").join(" ") : value;
  if (typeof text !== "string") return null;
  const named = text.split(/[\s,]+/).filter((scope) => scope !== "" && scope.length <= 500);
  return [...new Set(named)].slice(0, 500);
}

function fieldsOf(json: Json, paths: readonly string[]): Record<string, string> {
  const found = paths.flatMap((path) => {
    const value = valueAt(json, path);
    return typeof value === "string" || typeof value === "number"
      ? [[path, String(value).slice(0, 1000)] as const]
      : [];
  });
  return Object.fromEntries(found);
}

/** The value at a dotted path. */
export function valueAt(json: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), json);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}
