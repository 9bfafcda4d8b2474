import { useSyncExternalStore } from "react";
import { addressOf } from "./ask.ts";
import { connectionsChanged } from "./connections.ts";
import { queryClient } from "./query-client.ts";

/** Whether the service tells of changes as they happen; else it is asked every half minute. */
export interface Liveness {
  live: boolean;
  /** When what is shown was last known to be current. */
  at: number;
}

const POLL = 30_000;

/** Changes that come together are looked at together. */
const GATHER = 2000;

let state: Liveness = { live: false, at: Date.now() };
const listeners = new Set<() => void>();

export function useLiveness(): Liveness {
  return useSyncExternalStore(subscribe, () => state);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next: Liveness): void {
  state = next;
  for (const each of listeners) each();
}

/** Keeps what is shown in step with the service until the function that it returns is called. */
export function keepInStep(): () => void {
  const gathered = new Map<string, number>();
  let looking: ReturnType<typeof setTimeout> | undefined;
  const changed = (kind: string): void => {
    gathered.set(kind, Date.now());
    looking ??= setTimeout(() => {
      looking = undefined;
      const changes = new Map(gathered);
      gathered.clear();
      void look(changes);
    }, GATHER);
  };
  let stream = listen(changed);
  // A browser has six connections to a server (HTTP/1.1), and each stream takes one: a tab that nobody sees has none.
  const seen = (): void => {
    stream.close();
    if (document.visibilityState === "visible") stream = listen(changed);
  };
  const polling = setInterval(() => {
    if (document.visibilityState !== "visible") return;
    if (stream.readyState === EventSource.OPEN) return become({ live: true, at: Date.now() });
    // What the service refused, a browser does not try again by itself (HTML, server-sent events). The session may be over.
    if (stream.readyState === EventSource.CLOSED) {
      stream = listen(changed);
      void queryClient.invalidateQueries({ queryKey: ["session"] });
    }
    void look(new Map(EVERYTHING.map((kind) => [kind, Date.now()])));
  }, POLL);
  document.addEventListener("visibilitychange", seen);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    clearInterval(polling);
    clearTimeout(looking);
    stream.close();
  };
}

function listen(changed: (kind: string) => void): EventSource {
  const stream = new EventSource(addressOf("v1/live"));
  stream.addEventListener("open", () => {
    // Nobody told of what happened before.
    for (const kind of EVERYTHING) changed(kind);
    become({ live: true, at: Date.now() });
  });
  stream.addEventListener("error", () => become({ ...state, live: false }));
  for (const kind of EVERYTHING) stream.addEventListener(kind, () => changed(kind));
  return stream;
}

const EVERYTHING = ["overview", "connection", "client", "incident"];

/** What is asked for again when something of a kind changed. */
const CONCERNS: ReadonlyMap<string, readonly string[]> = new Map([
  ["overview", ["overview", "refreshes"]],
  ["connection", ["connection"]],
  ["client", ["clients", "client", "choices"]],
  ["incident", ["incidents", "incident"]],
]);

/** @param changes the kinds, and when each was last told of. */
async function look(changes: ReadonlyMap<string, number>): Promise<void> {
  const keys = new Set([...changes.keys()].flatMap((kind) => CONCERNS.get(kind) ?? []));
  const asked = [...keys].map((key) => queryClient.invalidateQueries({ queryKey: [key] }));
  const changedAt = changes.get("connection");
  if (changedAt !== undefined) asked.push(connectionsChanged(changedAt));
  await Promise.all(asked);
  become({ ...state, at: Date.now() });
}
