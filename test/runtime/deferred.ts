export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** A promise that the test settles when it wants to. */
export function createDeferred<T>(): Deferred<T> {
  const settlers: Pick<Deferred<T>, "resolve" | "reject">[] = [];
  const promise = new Promise<T>((resolve, reject) => settlers.push({ resolve, reject }));
  return {
    promise,
    resolve: (value) => settlers.forEach(({ resolve }) => resolve(value)),
    reject: (error) => settlers.forEach(({ reject }) => reject(error)),
  };
}
