import { ServiceError } from "../../src/runtime/service-error.ts";
import type { CallFault } from "./faults.ts";
import type { Process } from "./instance.ts";
import { kill, pause } from "./mishaps.ts";
import { tell } from "./tell.ts";
import type { World } from "./world.ts";

/** One call of an instance to a port. */
interface Site<T> {
  port: "store" | "journal";
  name: string;
  /** The connection concerned, if it is one. */
  about: string | null;
  effect: () => T | Promise<T>;
  /** Told what came of the effect, even when nobody else hears of it any more. */
  after?: (result: T) => void;
}

interface Call<T> extends Site<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

const BEAT_LOST = 5000;

/** Something came of it, good or bad. */
type Ending = () => void;

/**
 * The way from an instance to its ports. A call waits until the scheduler lets it happen, and its answer may wait once more; at
 * each point it can fail, or the process can be killed or paused.
 */
export function createCalls(world: World, instance: Process) {
  const { scheduler, dice, faults, trace, store } = world;

  function call<T>(site: Site<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      enqueue(() => begin({ ...site, resolve, reject }));
    });
  }

  function enqueue(run: () => void): void {
    scheduler.push({ on: instance, run });
  }

  function begin<T>(made: Call<T>): void {
    const isAway = made.port === "store" && Math.max(store.awayUntil, instance.cutOffUntil) > scheduler.now();
    if (isAway) return note(made, "unreachable", () => made.reject(storeIsAway()));
    const fault = made.port === "store" ? faults.atStoreCall() : faults.atJournalCall();
    if (fault === null) return happen(made, answer);
    faults.count(fault);
    // Whose signs of life do not get through is taken for dead before long.
    if (made.name === "beat") instance.unwellUntil = Math.max(instance.unwellUntil, scheduler.now() + BEAT_LOST);
    strike(made, fault);
  }

  function strike<T>(made: Call<T>, fault: CallFault): void {
    switch (fault) {
      case "killed_before_call":
      case "journal_torn":
        return kill(world, instance, `before ${made.name}`);
      case "killed_after_call":
        return happen(made, () => kill(world, instance, `after ${made.name}`));
      case "paused_before_call":
        pause(world, instance, `before ${made.name}`);
        return enqueue(() => happen(made, answer));
      case "paused_after_call":
        return happen(made, (ending) => {
          pause(world, instance, `after ${made.name}`);
          enqueue(ending);
        });
      case "store_refuses":
        return note(made, "refused", () => made.reject(storeIsAway()));
      case "journal_refuses":
        instance.nextAppend = dice.pick(["refused", "refused_but_written"]);
        return happen(made, answer);
      case "store_answer_lost":
        return happen(made, () => made.reject(storeIsAway()));
      case "store_slow":
        return beSlow(made);
    }
  }

  function beSlow<T>(made: Call<T>): void {
    const until = scheduler.now() + dice.pick([300, 2000, 15_000, 40_000]);
    instance.unwellUntil = Math.max(instance.unwellUntil, until);
    if (dice.chance(0.5)) scheduler.at(until, { on: instance, run: () => happen(made, answer) });
    else happen(made, (ending) => scheduler.at(until, { on: instance, run: ending }));
  }

  /** The effect takes place now; `then` decides whether and when anybody hears what came of it. */
  function happen<T>(made: Call<T>, then: (ending: Ending) => void): void {
    const connection = store.connection;
    const hear = (ending: Ending) => () => {
      const isCut = made.port === "store" && store.connection !== connection;
      if (isCut) made.reject(storeIsAway());
      else ending();
    };
    void perform(made).then((outcome) => {
      if ("error" in outcome) {
        trace.note(made.about, () => `${instance.name} ${made.name} failed: ${String(outcome.error)}`);
        then(hear(() => made.reject(outcome.error)));
      } else {
        trace.note(made.about, () => `${instance.name} ${made.name} ${made.about ?? ""} → ${tell(outcome.result)}`);
        made.after?.(outcome.result);
        then(hear(() => made.resolve(outcome.result)));
      }
      return undefined;
    });
  }

  /** Most answers come at once; some let others go first. */
  function answer(ending: Ending): void {
    if (dice.chance(0.25)) enqueue(ending);
    else ending();
  }

  function note<T>(made: Call<T>, what: string, ending: Ending): void {
    trace.note(made.about, () => `${instance.name} ${made.name} ${what}`);
    ending();
  }

  return { call };
}

function storeIsAway(): ServiceError {
  return new ServiceError("store_unavailable", "The store is away.", { retryAfterMs: 1000 });
}

async function perform<T>({ effect }: Pick<Call<T>, "effect">): Promise<{ result: T } | { error: unknown }> {
  try {
    return { result: await effect() };
  } catch (error) {
    return { error };
  }
}
