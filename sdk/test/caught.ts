import { EvergrantError } from "../src/index.ts";

/** What the promise rejects with; a promise that resolves fails the test. */
export async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`Resolved to ${String(value)}.`)),
    (error: unknown) => error,
  );
}

export async function caughtEvergrantError(promise: Promise<unknown>): Promise<EvergrantError> {
  const error = await caught(promise);
  if (error instanceof EvergrantError) return error;
  throw new Error("Not an EvergrantError.", { cause: error });
}
