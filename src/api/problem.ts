import { z } from "zod";
import { ERROR_CODES, type ErrorCode, type ServiceError } from "../runtime/service-error.ts";

/** 401 and 403 are only ever about the caller's API key; 409 is a connection that cannot give a token; 503 passes. */
const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  limit_reached: 409,
  unknown_provider: 400,
  discovery_failed: 400,
  refresh_token_missing: 400,
  refresh_token_rejected: 422,
  state_invalid: 400,
  connect_session_expired: 410,
  access_denied: 400,
  authorization_failed: 400,
  code_exchange_failed: 502,
  account_mismatch: 409,
  scope_insufficient: 409,
  reauthorization_required: 409,
  connection_disconnected: 409,
  connection_held: 409,
  api_rejects_fresh_token: 409,
  access_token_not_bound: 409,
  host_not_allowed: 400,
  api_unreachable: 502,
  api_timeout: 504,
  client_suspended: 503,
  provider_unavailable: 503,
  refresh_timeout: 503,
  key_unavailable: 503,
  store_unavailable: 503,
  journal_unavailable: 503,
  shutting_down: 503,
  internal: 500,
};

/** RFC 9457 problem details. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES),
    cause: z.string().optional(),
    who_acts: z.string().optional(),
    reauthorization_url: z.string().optional(),
    connection_id: z.string().optional(),
    claims: z.string().optional().describe("What the API wants to be said at the sign-in, in base64"),
    retry_after: z.int().optional(),
    problems: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    docs: z.string().describe("Where this package explains the code"),
  })
  .meta({ id: "Problem" });

export type Problem = z.infer<typeof problemSchema>;

export function problemOf(error: ServiceError): Problem {
  const { code, facts } = error;
  return {
    type: `urn:evergrant:problem:${code}`,
    title: code.replaceAll("_", " "),
    status: STATUS[code],
    detail: error.message,
    code,
    cause: facts.reason,
    who_acts: facts.whoActs,
    reauthorization_url: facts.reauthorizationUrl,
    connection_id: facts.connectionId,
    claims: facts.claims,
    retry_after: facts.retryAfterMs === undefined ? undefined : Math.ceil(facts.retryAfterMs / 1000),
    problems: facts.problems?.map(({ path, message }) => ({ path, message })),
    docs: `docs/errors.md#${code}`,
  };
}
