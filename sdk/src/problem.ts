import { ApiRejectsFreshTokenError } from "./api-rejects-fresh-token-error.ts";
import { EvergrantError } from "./evergrant-error.ts";
import type { EvergrantErrorFields } from "./evergrant-error.ts";
import { isJsonObject } from "./json-object.ts";
import { problemSentence } from "./problem-sentence.ts";
import { ReauthorizationRequiredError } from "./reauthorization-required-error.ts";
import type { ServiceAnswer } from "./service-call.ts";
import { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";

/** The error that a problem (RFC 9457) of the service stands for, or undefined when the answer is no problem. */
export function readProblem(answer: ServiceAnswer, connectionId: string): EvergrantError | undefined {
  const { json, status, mediaType } = answer;
  if (mediaType !== "application/problem+json" || !isJsonObject(json)) return undefined;
  const code = text(json.code);
  if (code === null) return undefined;
  const fields = {
    code,
    status,
    reason: text(json.cause),
    whoActs: text(json.who_acts),
    reauthorizationUrl: text(json.reauthorization_url),
    retryAfterSeconds: typeof json.retry_after === "number" ? json.retry_after : answer.retryAfterSeconds,
    docs: text(json.docs),
    connectionId,
  };
  return toError(
    text(json.detail) ?? problemSentence(code) ?? text(json.title) ?? `The service answered ${code}.`,
    fields,
  );
}

function toError(message: string, fields: EvergrantErrorFields): EvergrantError {
  if (fields.code === "reauthorization_required") return new ReauthorizationRequiredError(message, fields);
  if (fields.code === "api_rejects_fresh_token") return new ApiRejectsFreshTokenError(message, fields);
  if (fields.status === 503 || fields.status === 429) return new TemporarilyUnavailableError(message, fields);
  return new EvergrantError(message, fields);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
