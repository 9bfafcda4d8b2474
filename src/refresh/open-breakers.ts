import type { Observer } from "../runtime/observer.ts";

/** The clients whose server does not answer this instance, so that it is left alone for a while. */
export interface OpenBreakers {
  observer: Observer;
  has(clientId: string): boolean;
}

export function createOpenBreakers(): OpenBreakers {
  const open = new Set<string>();
  return {
    observer: {
      event: (name, fields = {}) => {
        if (name === "breaker.opened") open.add(String(fields["clientId"]));
        if (name === "breaker.closed") open.delete(String(fields["clientId"]));
      },
    },
    has: (clientId) => open.has(clientId),
  };
}
