import { sentence, whoActs } from "../connection/cause.ts";
import type { Connection } from "../connection/connection.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import { MINUTE } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { lifeLeft } from "./due.ts";

export interface RejectedRequest {
  tenantId: string;
  connectionId: string;
  generation: number;
  /** HTTP status of the API's answer. */
  status: number;
  /** Its `WWW-Authenticate`, if it sent one. */
  challenge: string | null;
}

/** A token younger than this that came from a forced refresh is fresh: another one would not be accepted either. */
const FRESH = MINUTE;

export function isFreshFromForce(record: TokenRecord, now: number): boolean {
  return record.origin === "rejected" && now - record.obtainedAt < FRESH && lifeLeft(record, now) > 0;
}

/** RFC 6750 §3.1: the token is good, and its scope is too small. Another one would have the same scope. */
export function asksForScope(challenge: string | null): boolean {
  return /\berror="?insufficient_scope\b/.test(challenge ?? "");
}

export function rejectsFreshToken({ id: connectionId }: Connection): ServiceError {
  const reason = "api_rejects_fresh_token";
  return new ServiceError(reason, sentence(reason), { reason, whoActs: whoActs(reason), connectionId });
}

export function proofRefused(connectionId: string): ServiceError {
  const detail =
    "The API refused the proof and not the token. Ask for another proof, with the `DPoP-Nonce` of its answer.";
  return new ServiceError("invalid_request", detail, { connectionId });
}
