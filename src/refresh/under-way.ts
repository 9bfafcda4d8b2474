/** Connections that the sweep is refreshing, so that neither memory nor one client's share of it grows without end. */
export interface UnderWay {
  size(): number;
  has(connectionId: string): boolean;
  /** Of one client. */
  count(clientId: string): number;
  /** Those that have any. */
  clients(): Iterable<string>;
  /** May be under way twice: a refresh that is having second thoughts, and one that was claimed meanwhile. */
  add(connectionId: string, clientId: string): void;
  delete(connectionId: string): void;
  /** The client has as many as it may: there is room again when half of them are done. */
  crowded(clientId: string): void;
  /** Calls `room` when there is room again, or was since this was last asked. */
  onRoom(room: () => void): void;
}

/** Under way at once, of all clients together. */
export const MOST_UNDER_WAY = 1024;

export function createUnderWay(): UnderWay {
  const works = new Map<string, { clientId: string; count: number }>();
  const counts = new Map<string, number>();
  const wanted = new Map<string, number>();
  let hasRoom = false;
  let room: (() => void) | null = null;

  function done(clientId: string): void {
    const count = (counts.get(clientId) ?? 1) - 1;
    if (count === 0) counts.delete(clientId);
    else counts.set(clientId, count);
    if (count > (wanted.get(clientId) ?? -1) && works.size !== MOST_UNDER_WAY / 2) return;
    wanted.delete(clientId);
    hasRoom = true;
    room?.();
  }

  return {
    size: () => works.size,
    has: (connectionId) => works.has(connectionId),
    clients: () => counts.keys(),
    count: (clientId) => counts.get(clientId) ?? 0,
    add: (connectionId, clientId) => {
      const work = works.get(connectionId);
      works.set(connectionId, { clientId, count: (work?.count ?? 0) + 1 });
      if (!work) counts.set(clientId, (counts.get(clientId) ?? 0) + 1);
    },
    delete: (connectionId) => {
      const work = works.get(connectionId);
      if (!work) return;
      work.count--;
      if (work.count > 0) return;
      works.delete(connectionId);
      done(work.clientId);
    },
    crowded: (clientId) => void wanted.set(clientId, Math.floor((counts.get(clientId) ?? 0) / 2)),
    onRoom: (callback) => {
      room = callback;
      if (!hasRoom) return;
      hasRoom = false;
      callback();
    },
  };
}
