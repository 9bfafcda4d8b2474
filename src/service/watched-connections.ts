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
    commit: (commit) => after(commit.connectionId, store.commit(commit)),
    postpone: (postponement) => after(postponement.connectionId, store.postpone(postponement)),
    release: (attempt) => after(attempt.connectionId, store.release(attempt)),
    setStatus: (change) => after(change.connectionId, store.setStatus(change)),
    reauthorize: (commit, consent) => after(commit.connectionId, store.reauthorize(commit, consent)),
    disconnect: (id, history) => after(id, store.disconnect(id, history)),
    setLabels: (id, labels) => after(id, store.setLabels(id, labels)),
    markProven: (id) => after(id, store.markProven(id)),
  };
}
