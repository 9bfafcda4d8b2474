import type { ConnectionStore } from "../connection/store.ts";

/** A connection store that tells at once which connection this process has changed, so that nothing stale is handed out. */
export function watchConnections(store: ConnectionStore, changed: (connectionId: string) => void): ConnectionStore {
  async function after<T>(connectionId: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } finally {
      changed(connectionId);
    }
  }
  return {
    ...store,
    commit: (commit, claim) => after(commit.connectionId, store.commit(commit, claim)),
    recover: (commit) => after(commit.connectionId, store.recover(commit)),
    promote: (spare, commit) => after(commit.connectionId, store.promote(spare, commit)),
    postpone: (postponement) => after(postponement.claim.connectionId, store.postpone(postponement)),
    release: (attempt, dueAt) => after(attempt.claim.connectionId, store.release(attempt, dueAt)),
    reject: (rejection) => after(rejection.claim.connectionId, store.reject(rejection)),
    setStatus: (change) => after(change.connectionId, store.setStatus(change)),
    reauthorize: (commit, consent) => after(commit.connectionId, store.reauthorize(commit, consent)),
    disconnect: (id, history) => after(id, store.disconnect(id, history)),
    setLabels: (id, labels) => after(id, store.setLabels(id, labels)),
    revokeLinks: (id) => after(id, store.revokeLinks(id)),
    setPolicy: (id, policy, dueAt) => after(id, store.setPolicy(id, policy, dueAt)),
    setNeeds: (change) => after(change.connectionId, store.setNeeds(change)),
    challenge: (id, claims) => after(id, store.challenge(id, claims)),
    refuseClaims: (id, claims) => after(id, store.refuseClaims(id, claims)),
    markProven: (id) => after(id, store.markProven(id)),
  };
}
