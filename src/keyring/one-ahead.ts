/**
 * Asks `source` for its next item while the one before is still worked on. Who stops early waits for the one that was asked for;
 * a failure of the source is told when the failing item would have its turn.
 */
export async function* oneAhead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  try {
    let next = source.next();
    for (;;) {
      const item = await next;
      if (item.done === true) return;
      next = source.next();
      next.catch(() => undefined);
      yield item.value;
    }
  } finally {
    await source.return();
  }
}
