import type { ConnectionStore } from "../../src/connection/store.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import type { Gate } from "./gate.ts";

type Method = keyof ConnectionStore;

/** The way of one instance to the database. `ended`: nobody is there any more to ask or to hear. */
export interface DatabaseLink {
  state: "up" | "down" | "ended";
}

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
  /** The next call of `method` has reached the database, and the store is down before its answer is back. */
  loseAnswer(method: Method): void;
  /** How often `method` was called. */
  calls(method: Method): number;
}

/** A store between the engine and the database that fails, hangs and interferes when a test says so. */
export function createFaultyConnectionStore(
  store: ConnectionStore,
  link: DatabaseLink = { state: "up" },
): FaultyConnectionStore {
  const faults = new Map<Method, Fault[]>();
  const counts = new Map<Method, number>();

  async function at<T>(method: Method, call: () => Promise<T>): Promise<T> {
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const fault = faults.get(method)?.shift();
    await fault?.before?.();
    const result = await through(link, call);
    await fault?.after?.();
    return result;
  }

  function add(method: Method, fault: Fault): void {
    faults.set(method, [...(faults.get(method) ?? []), fault]);
  }

  return {
    create: (...args) => at("create", () => store.create(...args)),
    snapshot: (id) => at("snapshot", () => store.snapshot(id)),
    findBySeed: (clientId, seed) => at("findBySeed", () => store.findBySeed(clientId, seed)),
    newestOf: (ids) => at("newestOf", () => store.newestOf(ids)),
    company: (id, since) => at("company", () => store.company(id, since)),
    list: (query) => at("list", () => store.list(query)),
    history: (id, page) => at("history", () => store.history(id, page)),
    claim: (request) => at("claim", () => store.claim(request)),
    claimDue: (request) => at("claimDue", () => store.claimDue(request)),
    orphans: (limit) => at("orphans", () => store.orphans(limit)),
    claimedBy: (owner) => at("claimedBy", () => store.claimedBy(owner)),
    reassert: (claim, leaseMs) => at("reassert", () => store.reassert(claim, leaseMs)),
    stands: (claim) => at("stands", () => store.stands(claim)),
    commit: (commit, claim) => at("commit", () => store.commit(commit, claim)),
    recover: (commit) => at("recover", () => store.recover(commit)),
    setAside: (id, tokens, claim) => at("setAside", () => store.setAside(id, tokens, claim)),
    spares: (id) => at("spares", () => store.spares(id)),
    promote: (spare, commit) => at("promote", () => store.promote(spare, commit)),
    postpone: (postponement) => at("postpone", () => store.postpone(postponement)),
    release: (attempt, dueAt) => at("release", () => store.release(attempt, dueAt)),
    reject: (rejection) => at("reject", () => store.reject(rejection)),
    setStatus: (change) => at("setStatus", () => store.setStatus(change)),
    reauthorize: (commit, consent) => at("reauthorize", () => store.reauthorize(commit, consent)),
    discard: (id) => at("discard", () => store.discard(id)),
    disconnect: (id, history) => at("disconnect", () => store.disconnect(id, history)),
    setLabels: (id, labels) => at("setLabels", () => store.setLabels(id, labels)),
    revokeLinks: (id) => at("revokeLinks", () => store.revokeLinks(id)),
    setPolicy: (id, policy, dueAt) => at("setPolicy", () => store.setPolicy(id, policy, dueAt)),
    setNeeds: (change) => at("setNeeds", () => store.setNeeds(change)),
    challenge: (id, claims) => at("challenge", () => store.challenge(id, claims)),
    refuseClaims: (id, claims) => at("refuseClaims", () => store.refuseClaims(id, claims)),
    markProven: (id) => at("markProven", () => store.markProven(id)),
    markRead: (ids) => at("markRead", () => store.markRead(ids)),
    prune: (before) => at("prune", () => store.prune(before)),
    fail: (method, times = 1, error = storeIsDown()) => {
      for (let i = 0; i < times; i++) add(method, { before: () => Promise.reject(error) });
    },
    hold: (method, gate) => add(method, { before: () => gate.passed() }),
    holdAnswer: (method, gate) => add(method, { after: () => gate.passed() }),
    before: (method, act) => add(method, { before: act }),
    loseAnswer: (method) => add(method, { after: () => Promise.reject(storeIsDown()) }),
    calls: (method) => counts.get(method) ?? 0,
  };
}

/** A call over the link. One of a process that has ended gets nowhere, and an answer to it is never heard. */
export async function through<T>(link: DatabaseLink, call: () => Promise<T>): Promise<T> {
  if (link.state === "down") throw storeIsDown();
  if (hasEnded(link)) return never();
  const result = await call();
  return hasEnded(link) ? never() : result;
}

function hasEnded({ state }: DatabaseLink): boolean {
  return state === "ended";
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

export function storeIsDown(): ServiceError {
  return new ServiceError("store_unavailable", "The store is down.", { retryAfterMs: 1000 });
}
