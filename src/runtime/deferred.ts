/** A promise and the one who resolves it, apart. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve(this: void, value: T): void;
}

/** As `Promise.withResolvers`, which Node has from version 22 on. */
export function deferred<T>(): Deferred<T> {
  const made: Partial<Deferred<T>> = {};
  const promise = new Promise<T>((resolve) => {
    made.resolve = resolve;
  });
  return { promise, resolve: (value) => made.resolve?.(value) };
}
