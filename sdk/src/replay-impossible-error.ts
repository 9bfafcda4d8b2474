import { EvergrantError } from "./evergrant-error.ts";

/**
 * The API answered 401 to a request whose body can be read only once. The refusal is reported and a newer token is
 * ready, so the caller can repeat the request with a new body.
 */
export class ReplayImpossibleError extends EvergrantError {
  override readonly name = "ReplayImpossibleError";

  constructor(connectionId: string) {
    super(
      "The API refused the token and the request cannot be sent again, because its body is a stream; pass a function that makes the body.",
      { code: "body_not_replayable", status: 401, connectionId },
    );
  }
}
