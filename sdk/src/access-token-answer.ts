import { sealAccessToken } from "./access-token.ts";
import type { AccessToken } from "./access-token.ts";
import { isJsonObject } from "./json-object.ts";

/** The token in an answer of the service, or undefined when the answer is not one for this connection. */
export function readAccessTokenAnswer(answer: unknown, connectionId: string): AccessToken | undefined {
  if (!isJsonObject(answer) || answer.connection_id !== connectionId) return undefined;
  const { access_token: accessToken, token_type: tokenType, generation, refresh_state: refreshState } = answer;
  const expiresAt = readTime(answer.expires_at);
  const scope = readScope(answer.scope);
  if (!isVisible(accessToken) || !isVisible(tokenType) || typeof refreshState !== "string") return undefined;
  if (!isGeneration(generation) || expiresAt === undefined || scope === undefined) return undefined;
  const answerFields = readFields(answer.answer_fields);
  return sealAccessToken({
    accessToken,
    tokenType,
    expiresAt,
    scope,
    answerFields,
    connectionId,
    generation,
    refreshState,
    missingScopes: readNames(answer.missing_scopes),
  });
}

/** A service of an earlier version sends none. */
function readFields(value: unknown): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((field): field is [string, string] => typeof field[1] === "string"),
  );
}

/** VSCHAR of RFC 6749, appendix A: what fits in a header. `fetch` would print anything else in its error. */
function isVisible(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]+$/.test(value);
}

function isGeneration(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function readTime(value: unknown): Date | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Left out while nothing is missing. */
function readNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

function readScope(value: unknown): readonly string[] | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") return undefined;
  return value.split(" ").filter((name) => name !== "");
}
