/** The end of an exchange's time, and how to forget about it. */
export interface Deadline {
  signal: AbortSignal;
  clear(): void;
}

/**
 * After a process stood still, its timers run before its sockets are read: an answer that has been waiting there would be
 * thrown away, with the refresh token in it. So sockets are read twice more before the deadline counts.
 */
export function createDeadline(milliseconds: number): Deadline {
  const controller = new AbortController();
  const end = (): void => controller.abort(new DOMException("The deadline has passed.", "TimeoutError"));
  const timer = setTimeout(() => setImmediate(() => setImmediate(end)), milliseconds);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
