import type { Clock } from "../../runtime/clock.ts";

/** Rings once, at the time it is set to; a sleeper at most. */
export interface Alarm {
  /**
   * Monotonic milliseconds; `Infinity` turns it off. An earlier time that it was set to stands: it rings then, and whoever
   * hears it sets it anew.
   */
  set(at: number): void;
}

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let pending: { at: number; off: AbortController } | undefined;

  function off(): void {
    pending?.off.abort();
    pending = undefined;
  }

  async function ringAt(at: number): Promise<void> {
    const own = { at, off: new AbortController() };
    pending = own;
    // Whole milliseconds and at least one, so that a fraction lost in arithmetic never makes it ring for ever at one instant.
    await clock.sleep(Math.max(1, Math.ceil(at - clock.monotonic())), own.off.signal);
    if (pending !== own) return;
    pending = undefined;
    ring();
  }

  return {
    set: (at) => {
      if (at === Infinity) return off();
      if (pending !== undefined && pending.at <= at) return;
      off();
      void ringAt(at);
    },
  };
}
