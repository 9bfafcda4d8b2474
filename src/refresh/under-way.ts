/** Connections that the sweep is refreshing, so that neither memory nor one client's share of it grows without end. */
export interface UnderWay {
  size(): number;
  has(connectionId: string): boolean;
  /** May be under way twice: a refresh that is having second thoughts, and one that was claimed meanwhile. */
  add(connectionId: string, clientId: string): void;
  delete(connectionId: string): void;
  /** Clients that have as many under way as one may. */
  crowded(): string[];
  /** Calls `room` when what was full is half empty, since `crowded` was last asked: then a whole batch fits again. */
  onRoom(room: () => void): void;
}

/** Under way at once, of all clients together. */
export const MOST_UNDER_WAY = 1024;
/** Of one client, so that a slow one leaves room for the others. */
export const MOST_OF_CLIENT = 256;

export function createUnderWay(): UnderWay {
  const works = new Map<string, { clientId: string; count: number }>();
  const counts = new Map<string, number>();
  let hasRoom = false;
  let room: () => void = () => undefined;

  return {
    size: () => works.size,
    has: (connectionId) => works.has(connectionId),
    add: (connectionId, clientId) => {
      const work = works.get(connectionId);
      works.set(connectionId, { clientId, count: (work?.count ?? 0) + 1 });
      if (!work) counts.set(clientId, (counts.get(clientId) ?? 0) + 1);
    },
    delete: (connectionId) => {
      const work = works.get(connectionId);
      if (!work) return;
      const { clientId } = work;
      work.count--;
      if (work.count > 0) return;
      works.delete(connectionId);
      const count = (counts.get(clientId) ?? 1) - 1;
      if (count === 0) counts.delete(clientId);
      else counts.set(clientId, count);
      if (count !== MOST_OF_CLIENT / 2 && works.size !== MOST_UNDER_WAY / 2) return;
      hasRoom = true;
      room();
    },
    crowded: () => {
      hasRoom = false;
      return [...counts].filter(([, count]) => count >= MOST_OF_CLIENT).map(([clientId]) => clientId);
    },
    onRoom: (callback) => {
      room = callback;
      if (!hasRoom) return;
      hasRoom = false;
      callback();
    },
  };
}
