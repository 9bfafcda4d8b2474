import { MINUTE, SECOND } from "../runtime/clock.ts";

/** What a caller may take of the server. Sizes are bytes, times milliseconds. */
export interface HttpLimits {
  /** Of the request line and all headers together. */
  largestHeaders: number;
  largestBody: number;
  /** From the first byte, or from the connection when none comes. */
  headersWithin: number;
  /** For a body. How long the answer takes is not counted, and what is streamed takes as long as it takes. */
  requestWithin: number;
  /** How often that is looked at: a request lives so much longer at most. */
  lookEvery: number;
  /** Between two requests. Longer than what load balancers keep a connection, so that they end it and no request meets the end. */
  idleAfterAnswer: number;
  /** Nothing is read and nothing taken; more than the slowest answer needs. */
  silentFor: number;
  /** At once; more are closed as they come. */
  connections: number;
}

export const HTTP_LIMITS: HttpLimits = {
  largestHeaders: 16 * 1024,
  largestBody: 256 * 1024,
  headersWithin: 10 * SECOND,
  requestWithin: 30 * SECOND,
  lookEvery: 5 * SECOND,
  idleAfterAnswer: 65 * SECOND,
  silentFor: 5 * MINUTE,
  connections: 20_000,
};
