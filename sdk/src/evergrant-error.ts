export type KnownErrorCode =
  | "reauthorization_required"
  | "connection_disconnected"
  | "api_rejects_fresh_token"
  | "access_token_not_bound"
  | "client_suspended"
  | "provider_unavailable"
  | "refresh_timeout"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "rate_limited"
  | "service_unreachable"
  | "service_timeout"
  | "unexpected_response"
  | "body_not_replayable"
  | "proof_not_supported";

/** A stable name of what went wrong; codes of the service that this version does not know are passed through. */
export type EvergrantErrorCode = KnownErrorCode | (string & Record<never, never>);

export interface EvergrantErrorFields {
  readonly code: EvergrantErrorCode;
  readonly connectionId: string;
  /** The HTTP status that was answered, null when nothing was. */
  readonly status?: number | null;
  /** Why the connection broke, as the service found out from the OAuth provider. */
  readonly reason?: string | null;
  /** Who can repair it, such as the user or the operator. */
  readonly whoActs?: string | null;
  /** Where a person authorizes the connection again. */
  readonly reauthorizationUrl?: string | null;
  /** How long to wait before the next try, in seconds. */
  readonly retryAfterSeconds?: number | null;
  /** A page about the error. */
  readonly docs?: string | null;
}

/** Everything that Evergrant itself answers with instead of a token. Holds no token and no API key. */
export class EvergrantError extends Error implements Required<EvergrantErrorFields> {
  override readonly name: string = "EvergrantError";
  readonly code: EvergrantErrorCode;
  readonly connectionId: string;
  readonly status: number | null;
  readonly reason: string | null;
  readonly whoActs: string | null;
  readonly reauthorizationUrl: string | null;
  readonly retryAfterSeconds: number | null;
  readonly docs: string | null;

  constructor(message: string, fields: EvergrantErrorFields) {
    super(message);
    this.code = fields.code;
    this.connectionId = fields.connectionId;
    this.status = fields.status ?? null;
    this.reason = fields.reason ?? null;
    this.whoActs = fields.whoActs ?? null;
    this.reauthorizationUrl = fields.reauthorizationUrl ?? null;
    this.retryAfterSeconds = fields.retryAfterSeconds ?? null;
    this.docs = fields.docs ?? null;
  }
}
