import { EvergrantError } from "./evergrant-error.ts";

/** The API refuses even a token that was just refreshed, so another refresh would not help. */
export class ApiRejectsFreshTokenError extends EvergrantError {
  override readonly name = "ApiRejectsFreshTokenError";
}
