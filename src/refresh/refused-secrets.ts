import { MINUTE, type Clock } from "../runtime/clock.ts";

/** How a server has refused a secret of the client. */
export interface RefusedSecret {
  code: string;
  /** `token`: the refresh token was rejected with a secret that was on trial, which may be what is wrong. */
  what: "client" | "token";
}

/** Secrets of the client that its server has refused in one flight, by their ids. */
export interface RefusedSecrets {
  note(id: string, refused: RefusedSecret): void;
  has(id: string): boolean;
  isEmpty(): boolean;
  /** Forgets those with which a token was rejected: the client was let in with them. True when there was one. */
  forgetLetIn(): boolean;
  /** All of them, each of which is then forgotten. */
  take(): (RefusedSecret & { id: string })[];
}

/** A flight may wait long for the store. By then the server may know what it refused, and have ended what it took. */
const COUNTS = MINUTE;

export function createRefusedSecrets(clock: Clock): RefusedSecrets {
  const refused = new Map<string, RefusedSecret & { at: number }>();

  function forgetOld(): void {
    for (const [id, { at }] of refused) if (clock.monotonic() - at >= COUNTS) refused.delete(id);
  }

  return {
    note: (id, one) => void refused.set(id, { ...one, at: clock.monotonic() }),
    has: (id) => {
      forgetOld();
      return refused.has(id);
    },
    isEmpty: () => {
      forgetOld();
      return refused.size === 0;
    },
    forgetLetIn: () => {
      const letIn = [...refused].filter(([, { what }]) => what === "token");
      for (const [id] of letIn) refused.delete(id);
      return letIn.length > 0;
    },
    take: () => {
      forgetOld();
      const all = [...refused].map(([id, { code, what }]) => ({ id, code, what }));
      refused.clear();
      return all;
    },
  };
}
