/**
 * Asks `source` for so many items beyond the one that is worked on. Who stops early waits for those that were asked for; a failure
 * of the source is told when the failing item would have its turn.
 */
export async function* ahead<T>(items: number, source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const asked: Promise<IteratorResult<T, void>>[] = [];
  const ask = (): void => {
    const next = source.next();
    next.catch(() => undefined);
    asked.push(next);
  };
  try {
    for (let item = 0; item <= items; item++) ask();
    for (;;) {
      const item = await asked.shift();
      if (item === undefined || item.done === true) return;
      yield item.value;
      ask();
    }
  } finally {
    await source.return();
  }
}
