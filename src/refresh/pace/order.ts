/** Items in ascending order of a number each. Looking at the first costs O(1), every change O(log n). */
export interface Order<T> {
  first(): T | undefined;
  /** The number of the first, `Infinity` without items. */
  firstKey(): number;
  has(item: T): boolean;
  /** All of them, in no particular order. */
  items(): Iterable<T>;
  /** Puts an item in, or moves it. */
  set(item: T, key: number): void;
  delete(item: T): void;
}

interface Entry<T> {
  item: T;
  key: number;
  place: number;
}

/** A binary heap that knows where each item is. */
export function createOrder<T>(): Order<T> {
  const entries = new Map<T, Entry<T>>();
  const heap: Entry<T>[] = [];

  function put(entry: Entry<T>, place: number): void {
    heap[place] = entry;
    entry.place = place;
  }

  function swap(upper: Entry<T>, lower: Entry<T>): void {
    const place = lower.place;
    put(lower, upper.place);
    put(upper, place);
  }

  function settle(entry: Entry<T>): void {
    for (;;) {
      const parent = heap[(entry.place - 1) >> 1];
      if (parent === undefined || parent.key <= entry.key) break;
      swap(parent, entry);
    }
    for (;;) {
      const child = lesserChild(entry.place);
      if (child === undefined || child.key >= entry.key) break;
      swap(entry, child);
    }
  }

  function lesserChild(place: number): Entry<T> | undefined {
    const left = heap[2 * place + 1];
    const right = heap[2 * place + 2];
    return left !== undefined && right !== undefined && right.key < left.key ? right : left;
  }

  return {
    first: () => heap[0]?.item,
    firstKey: () => heap[0]?.key ?? Infinity,
    has: (item) => entries.has(item),
    items: () => entries.keys(),

    set: (item, key) => {
      const entry = entries.get(item) ?? { item, key, place: heap.length };
      entry.key = key;
      entries.set(item, entry);
      put(entry, entry.place);
      settle(entry);
    },

    delete: (item) => {
      const entry = entries.get(item);
      const last = heap.at(-1);
      if (entry === undefined || last === undefined) return;
      entries.delete(item);
      heap.pop();
      if (last === entry) return;
      put(last, entry.place);
      settle(last);
    },
  };
}
