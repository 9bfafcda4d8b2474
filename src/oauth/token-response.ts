import { secret, type Secret } from "../runtime/secret.ts";
import type { HttpResponse } from "./http.ts";
import { parseJsonObject } from "./json-object.ts";

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
  /** Seconds; null when the server did not say. */
  expiresIn: number | null;
  /** Seconds; not standard, sent by several servers. */
  refreshExpiresIn: number | null;
  /** Null when absent, which means the scope that was asked for (RFC 6749 §5.1). */
  scope: string[] | null;
  idToken: Secret<string> | null;
}

/**
 * RFC 6749 §5.2. Both texts come from outside and are shown to operators: they are cut, without control characters, and without
 * anything as long and dense as a token.
 */
export interface OAuthError {
  status: number;
  code: string;
  description: string | null;
}

/** Reads a token endpoint's answer. Never throws, and never quotes the body: it may hold a token. */
export function readTokenResponse(response: HttpResponse): TokenResponse {
  const text = new TextDecoder().decode(response.body).trim();
  if (text === "") return { kind: "unreadable", problem: "empty" };
  const json = parseJsonObject(text);
  if (!json) return { kind: "unreadable", problem: text.startsWith("<") ? "html" : "not_json" };
  const error = readError(response.status, json);
  if (error) return { kind: "error", error };
  const tokens = readTokens(json);
  return tokens ? { kind: "tokens", tokens } : { kind: "unreadable", problem: "no_access_token" };
}

function readTokens(json: Record<string, unknown>): ReceivedTokens | null {
  const accessToken = nonEmptyString(json["access_token"]);
  if (accessToken === null) return null;
  const refreshToken = nonEmptyString(json["refresh_token"]);
  const idToken = nonEmptyString(json["id_token"]);
  return {
    accessToken: secret(accessToken),
    tokenType: tokenType(json["token_type"]),
    refreshToken: refreshToken === null ? null : secret(refreshToken),
    expiresIn: seconds(json["expires_in"]),
    refreshExpiresIn: seconds(json["refresh_expires_in"] ?? json["refresh_token_expires_in"]),
    scope: scopes(json["scope"]),
    idToken: idToken === null ? null : secret(idToken),
  };
}

function readError(status: number, json: Record<string, unknown>): OAuthError | null {
  const code = nonEmptyString(json["error"]);
  if (code === null) return null;
  const description = nonEmptyString(json["error_description"]);
  return { status, code: printable(code, 80), description: description === null ? null : printable(description, 300) };
}

function nonEmptyString(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** A lifetime in whole seconds; some servers send it as a string or with decimals. A negative one counts as 0. */
function seconds(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return null;
  return Math.max(0, Math.floor(number));
}

/** An authentication scheme (RFC 9110 §11.1); anything else would not fit into a header. */
function tokenType(value: unknown): string {
  return typeof value === "string" && /^[\w-]{1,40}$/.test(value) ? value : "Bearer";
}

function scopes(value: unknown): string[] | null {
  if (typeof value !== "string") return null;
  return value
    .split(/[\s,]+/)
    .filter((scope) => scope !== "" && scope.length <= 500)
    .slice(0, 500);
}

/** Some servers quote a token in their complaint about it. Words, paths and UUIDs, such as trace ids, stay. */
function printable(text: string, length: number): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replaceAll(/[\w~+=]{20,}/g, (word) => (/^([a-z_]+|[A-Z_]+)$/.test(word) ? word : "[secret]"))
    .slice(0, length);
}
