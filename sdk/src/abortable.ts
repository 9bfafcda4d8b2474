/**
 * Waits for `start()` until the signal aborts, then rejects with the reason of the signal. The work itself goes on for
 * others who wait for it; it does not start when the signal has aborted before.
 */
export async function abortable<Value>(start: () => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  signal?.throwIfAborted();
  const work = start();
  if (signal === undefined) return work;
  return new Promise<Value>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.finally(() => signal.removeEventListener("abort", abort)).then(resolve, reject);
  });
}
