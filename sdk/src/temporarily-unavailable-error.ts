import { EvergrantError } from "./evergrant-error.ts";

/**
 * No token for now, and the same call may work later: after `retryAfterSeconds` when that is known. The service said so
 * (503, 429), did not answer in time, could not be reached, or something else answered in its place.
 */
export class TemporarilyUnavailableError extends EvergrantError {
  override readonly name = "TemporarilyUnavailableError";
}
