import type { FastifyReply } from "fastify";
import { SECOND, within, type Clock } from "../../runtime/clock.ts";
import { deferred } from "../../runtime/deferred.ts";

type Response = FastifyReply["raw"];

/** The answers that are under way in this process. */
export interface Running {
  /** Returns how to say that it is over. */
  add(response: Response): () => void;
  /** Waits until all are over; what still streams after ten seconds is broken off. */
  end(): Promise<void>;
}

const GRACE = 10 * SECOND;

export function createRunning(clock: Clock): Running {
  const responses = new Set<Response>();
  const idle = deferred<void>();
  let isEnding = false;

  function settle(): void {
    if (isEnding && responses.size === 0) idle.resolve();
  }

  return {
    add: (response) => {
      responses.add(response);
      return () => {
        responses.delete(response);
        settle();
      };
    },
    end: async () => {
      isEnding = true;
      settle();
      await within(clock, GRACE, idle.promise);
      for (const response of responses) response.destroy();
    },
  };
}
