/** Works on so many items at once, and gives results as they come; takes no further item after `signal`. Throws the first failure. */
export async function* inParallel<T, R>(
  items: AsyncIterable<T>,
  { width, signal }: { width: number; signal: AbortSignal },
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const source = items[Symbol.asyncIterator]();
  const running = new Map<number, Promise<{ at: number; result: R }>>();
  let [started, isOver] = [0, false];
  try {
    for (;;) {
      while (!isOver && running.size < width && !signal.aborted) {
        const next = await source.next();
        if (next.done === true) isOver = true;
        else running.set(started, numbered(started++, work(next.value)));
        // A failure is heard of when it is its turn, which is no reason to end the process before.
        running.get(started - 1)?.catch(() => undefined);
      }
      if (running.size === 0) return;
      const { at, result } = await Promise.race(running.values());
      running.delete(at);
      yield result;
    }
  } finally {
    await Promise.allSettled(running.values());
    await source.return?.(undefined);
  }
}

async function numbered<R>(at: number, work: Promise<R>): Promise<{ at: number; result: R }> {
  return { at, result: await work };
}
