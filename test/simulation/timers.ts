import type { Task } from "./scheduler.ts";

export interface Timer {
  at: number;
  task: Task;
  cancel(): void;
}

/** Tasks by time; those of one time in the order in which they were added. */
export interface Timers {
  add(at: number, task: Task): Timer;
  take(): Timer | undefined;
  nextAt(): number;
}

interface Entry extends Timer {
  order: number;
  cancelled: boolean;
}

/** A binary heap: a run has thousands of timers, and most of them are cancelled. */
export function createTimers(): Timers {
  const heap: Entry[] = [];
  let added = 0;

  function isBefore(a: Entry, b: Entry): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  function rise(entry: Entry): void {
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || !isBefore(entry, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  function sink(entry: Entry): void {
    let index = 0;
    for (;;) {
      const below = smallerChild(index);
      const child = heap[below];
      if (!child || isBefore(entry, child)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = entry;
  }

  function smallerChild(index: number): number {
    const left = 2 * index + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    return a && b && isBefore(b, a) ? left + 1 : left;
  }

  function pop(): Entry | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (last && heap.length > 0) sink(last);
    return first;
  }

  function dropCancelled(): void {
    while (heap[0]?.cancelled === true) pop();
  }

  return {
    add: (at, task) => {
      const entry: Entry = { at, task, order: added++, cancelled: false, cancel: () => (entry.cancelled = true) };
      rise(entry);
      return entry;
    },
    take: () => {
      dropCancelled();
      return pop();
    },
    nextAt: () => {
      dropCancelled();
      return heap[0]?.at ?? Number.POSITIVE_INFINITY;
    },
  };
}
