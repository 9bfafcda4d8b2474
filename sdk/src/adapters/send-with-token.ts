import type { Connection } from "../connection.ts";
import { ReplayImpossibleError } from "../replay-impossible-error.ts";
import type { TokenRefusal } from "../token-refusal.ts";
import { bearerToken } from "./bearer-token.ts";

/** How another client sends a request. */
export interface Sending<Answer> {
  /** Sends the request with this token, as the client would. */
  readonly send: (accessToken: string) => Promise<Answer>;
  /** What an answer, or the error that the client made of one, says about the token; undefined when it does not refuse it. */
  readonly refusal: (outcome: unknown) => Refusal | undefined | Promise<Refusal | undefined>;
  /** False when sending takes the body away. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Refusal = Omit<TokenRefusal, "generation">;

/**
 * Sends with the token of the connection. One that the API refuses is reported, and the request sent once more with the newer one;
 * whatever comes of that is the caller's answer.
 * @throws EvergrantError when the service has no token to give, or the body cannot be sent again.
 */
export async function sendWithToken<Answer>(
  connection: Connection,
  { send, refusal, repeatable, signal }: Sending<Answer>,
): Promise<Answer> {
  const token = await connection.currentAccessToken({ signal });
  const [outcome] = await Promise.allSettled([send(bearerToken(token))]);
  const refused = await refusal(outcome.status === "fulfilled" ? outcome.value : outcome.reason);
  if (refused !== undefined) {
    const newer = await connection.rejected({ ...refused, generation: token.generation, signal });
    if (!repeatable) throw new ReplayImpossibleError(token.connectionId);
    return send(bearerToken(newer));
  }
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
