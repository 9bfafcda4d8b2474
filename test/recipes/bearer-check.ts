import { HOUR } from "../../src/runtime/clock.ts";
import type { Stage } from "../stage/stage.ts";

/** What a server makes of the access tokens that it is shown. */
export interface BearerCheck {
  isGood(token: string): Promise<boolean>;
  /** Takes a token no more, as a provider does that ends one before its time. */
  refuse(token: string): void;
}

/** Asks the sandbox whether a token lives; its life of an hour, which there passes in real time, passes here by the stage's clock. */
export function createBearerCheck({ sandbox, clock }: Stage): BearerCheck {
  const ends = new Map<string, number>();
  return {
    isGood: async (token) => {
      const end = ends.get(token) ?? clock.now() + HOUR;
      ends.set(token, end);
      if (clock.now() >= end) return false;
      const answer = await fetch(`${sandbox.url}/api/files`, { headers: { authorization: `Bearer ${token}` } });
      return answer.ok;
    },
    refuse: (token) => void ends.set(token, 0),
  };
}
