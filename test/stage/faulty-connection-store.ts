import type { ConnectionStore } from "../../src/connection/store.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import type { Gate } from "./gate.ts";

type Method = keyof ConnectionStore;

/** What happens around one call. */
interface Fault {
  before?: () => void | Promise<void>;
  after?: () => void | Promise<void>;
}

export interface FaultyConnectionStore extends ConnectionStore {
  /** The next `times` calls of `method` throw and change nothing; without `error` the store is down. */
  fail(method: Method, times?: number, error?: Error): void;
  /** The next call of `method` waits for the gate before it reaches the database. */
  hold(method: Method, gate: Gate): void;
  /** The next call of `method` has reached the database, and its answer waits for the gate. */
  holdAnswer(method: Method, gate: Gate): void;
  /** Runs right before the next call of `method` reaches the database. */
  before(method: Method, act: () => void | Promise<void>): void;
  /** How often `method` was called. */
  calls(method: Method): number;
}

/** A store between the engine and the database that fails, hangs and interferes when a test says so. */
export function createFaultyConnectionStore(store: ConnectionStore): FaultyConnectionStore {
  const faults = new Map<Method, Fault[]>();
  const counts = new Map<Method, number>();

  async function at<T>(method: Method, call: () => Promise<T>): Promise<T> {
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const fault = faults.get(method)?.shift();
    await fault?.before?.();
    const result = await call();
    await fault?.after?.();
    return result;
  }

  function add(method: Method, fault: Fault): void {
    faults.set(method, [...(faults.get(method) ?? []), fault]);
  }

  return {
    create: (...args) => at("create", () => store.create(...args)),
    snapshot: (id) => at("snapshot", () => store.snapshot(id)),
    list: (query) => at("list", () => store.list(query)),
    history: (id, page) => at("history", () => store.history(id, page)),
    due: (limit) => at("due", () => store.due(limit)),
    claim: (id, generation) => at("claim", () => store.claim(id, generation)),
    commit: (commit) => at("commit", () => store.commit(commit)),
    postpone: (postponement) => at("postpone", () => store.postpone(postponement)),
    release: (attempt) => at("release", () => store.release(attempt)),
    setStatus: (change) => at("setStatus", () => store.setStatus(change)),
    reauthorize: (commit, consent) => at("reauthorize", () => store.reauthorize(commit, consent)),
    disconnect: (id, history) => at("disconnect", () => store.disconnect(id, history)),
    setLabels: (id, labels) => at("setLabels", () => store.setLabels(id, labels)),
    markProven: (id) => at("markProven", () => store.markProven(id)),
    pruneHistory: (before) => at("pruneHistory", () => store.pruneHistory(before)),
    fail: (method, times = 1, error = storeIsDown()) => {
      for (let i = 0; i < times; i++) add(method, { before: () => Promise.reject(error) });
    },
    hold: (method, gate) => add(method, { before: () => gate.passed() }),
    holdAnswer: (method, gate) => add(method, { after: () => gate.passed() }),
    before: (method, act) => add(method, { before: act }),
    calls: (method) => counts.get(method) ?? 0,
  };
}

export function storeIsDown(): ServiceError {
  return new ServiceError("store_unavailable", "The store is down.", { retryAfterMs: 1000 });
}
