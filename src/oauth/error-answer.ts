/**
 * RFC 6749 §5.2, and what servers send in its place. All texts come from outside and are shown to operators: they are cut, without
 * control characters, and without anything as long and dense as a token.
 */
export interface OAuthError {
  status: number;
  /** `error`, or the first code that the answer holds elsewhere. */
  code: string;
  /** Finer codes beside it: `error_subtype`, AADSTS numbers, `errors[].errorType`. */
  subcodes: string[];
  description: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Takes out of a text what must not be shown. */
type Mask = (text: string) => string;

/** The error that an answer without tokens names; null when it names none. */
export function readError(status: number, json: Json): OAuthError | null {
  const mask = maskOf(json);
  const inside = [...nested(json["error"]), ...nested(json["errors"])];
  const parts = [json, ...inside];
  const outside = codesOf(json, status < 400 ? NAMED_ERROR : CODE_FIELDS, mask);
  const others = inside.flatMap((part) => codesOf(part, CODE_FIELDS, mask));
  const codes = [...new Set([...outside, ...others])].slice(0, MOST_CODES);
  const description = parts.map((part) => descriptionOf(part, mask)).find((text) => text !== null) ?? null;
  const fromText =
    description === null ? [] : [...description.matchAll(/\bAADSTS(\d{4,8})\b/g)].map(([, code = ""]) => code);
  const [code, ...subcodes] = codes;
  // A refusal is an error even if a message is all it has.
  if (code === undefined && (status < 400 || description === null)) return null;
  return {
    status,
    code: code ?? `http_${status}`,
    subcodes: [...new Set([...subcodes, ...fromText])].filter((one) => one !== code),
    description,
  };
}

const MOST_CODES = 10;

/** What is an error under any status: a success may well have a `code` or a `status` of its own. */
const NAMED_ERROR = ["error", "error_code", "errorCode", "err", "ECODE", "error_subtype", "suberror", "error_codes"];

/** In the order of how much they say. */
const CODE_FIELDS = [
  "error",
  "code",
  "error_code",
  "errorCode",
  "status",
  "errorType",
  "type",
  "category",
  "resource",
  "field",
  "error_subtype",
  "error_subcode",
  "suberror",
  "error_codes",
  "err",
  "ECODE",
];

const DESCRIPTION_FIELDS = [
  "error_description",
  "message",
  "detail",
  "description",
  "reason",
  "errorSummary",
  "error_message",
];

/** An error may be an object, or a list of objects or codes. */
function nested(value: unknown): Json[] {
  if (Array.isArray(value))
    return value.slice(0, MOST_CODES).flatMap((one) => (typeof one === "string" ? { code: one } : nested(one)));
  return isObject(value) ? [value] : [];
}

function codesOf(part: Json, fields: readonly string[], mask: Mask): string[] {
  return fields
    .flatMap((name) => (Array.isArray(part[name]) ? part[name] : [part[name]]))
    .flatMap((value) => codeOf(value, mask));
}

function codeOf(value: unknown, mask: Mask): string[] {
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : nonEmptyString(value);
  return text === null ? [] : [printable(mask(text), 80)];
}

function descriptionOf(part: Json, mask: Mask): string | null {
  const text = DESCRIPTION_FIELDS.map((name) => nonEmptyString(part[name])).find((one) => one !== null) ?? null;
  return text === null ? null : printable(mask(text), 300);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Hides whatever stands in the answer under the name of a token, wherever its texts repeat it. */
function maskOf(json: Json): Mask {
  const secrets = [...new Set(secretsIn(json))];
  return (text) => secrets.reduce((left, one) => left.replaceAll(one, MASKED), text);
}

const MASKED = "[secret]";

function secretsIn(value: unknown, depth = 0): string[] {
  if (typeof value !== "object" || value === null || depth > 5) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === "string" ? (isSecret(name, inner) ? [inner] : []) : secretsIn(inner, depth + 1),
  );
}

/** What is shorter than its mask is no token, and hiding it again and again would make a text without end. */
function isSecret(name: string, value: string): boolean {
  return /token$|secret|password|assertion/i.test(name) && value.length >= MASKED.length;
}

export function nonEmptyString(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** Some servers quote a token in their complaint about it. Words, paths and UUIDs, such as trace ids, stay. */
function printable(text: string, length: number): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replaceAll(/[\w~+=]{20,}/g, (word) => (/^([a-z_]+|[A-Z_]+)$/.test(word) ? word : "[secret]"))
    .slice(0, length);
}
