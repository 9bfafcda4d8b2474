import type { Dice } from "./dice.ts";
import { createTimers, type Timer } from "./timers.ts";

/** Something whose tasks stand still while it is paused, and never run again once it is killed. */
export interface Runner {
  readonly name: string;
  alive: boolean;
  paused: boolean;
  /** What came up while it was paused. */
  held: Task[];
}

/** One step of the run. `on` null: outside of every instance. */
export interface Task {
  on: Runner | null;
  run(): void;
}

/**
 * Decides what happens next, by the seed: one of the tasks that are ready, or time passes to the next timer. Between two steps
 * everything that a step set off runs to its end, so nothing but the seed decides an order.
 */
export interface Scheduler {
  /** Milliseconds since the start of the run. */
  readonly now: () => number;
  push(task: Task): void;
  /** Runs the task at that time, or later when its runner is paused. */
  at(time: number, task: Task): Timer;
  pause(runner: Runner): void;
  resume(runner: Runner): void;
  kill(runner: Runner): void;
  /** One step; false when nothing will ever happen again. */
  step(): Promise<boolean>;
  /** Nothing is ready: only time can bring something. */
  isIdle(): boolean;
  /** The time of the next timer. */
  nextAt(): number;
  /** Lets time pass up to `time`; timers before that are late then. */
  skipTo(time: number): void;
}

/** How often a little time passes although something could be done: nothing in the world is ever prompt. */
const TIME_PASSES = 0.03;
const A_LITTLE = 500;

export function createScheduler(dice: Dice): Scheduler {
  const ready: Task[] = [];
  const timers = createTimers();
  let now = 0;

  function push(task: Task): void {
    const { on } = task;
    if (on === null) ready.push(task);
    else if (on.paused) on.held.push(task);
    else if (on.alive) ready.push(task);
  }

  /** Takes the tasks of a runner out of those that are ready. */
  function withdraw(runner: Runner): Task[] {
    const others = ready.filter((task) => task.on !== runner);
    const own = ready.filter((task) => task.on === runner);
    ready.length = 0;
    ready.push(...others);
    return own;
  }

  function takeReady(): Task | undefined {
    const index = dice.below(ready.length);
    const task = ready[index];
    const last = ready.pop();
    if (last !== undefined && index < ready.length) ready[index] = last;
    return task;
  }

  /** Something that is ready, or a timer that comes before it does. */
  function takeSoon(): Task | undefined {
    if (!dice.chance(TIME_PASSES)) return takeReady();
    const then = now + dice.below(A_LITTLE);
    if (timers.nextAt() <= then) return takeTimer();
    now = then;
    return takeReady();
  }

  function takeTimer(): Task | undefined {
    const timer = timers.take();
    if (!timer) return undefined;
    now = Math.max(now, timer.at);
    const { on } = timer.task;
    if (on?.paused !== true) return on?.alive === false ? NOTHING : timer.task;
    on.held.push(timer.task);
    return NOTHING;
  }

  return {
    now: () => now,
    push,
    at: (time, task) => timers.add(Math.max(now, Math.ceil(time)), task),
    pause: (runner) => {
      runner.paused = true;
      runner.held.push(...withdraw(runner));
    },
    resume: (runner) => {
      runner.paused = false;
      for (const task of runner.held.splice(0)) push(task);
    },
    kill: (runner) => {
      runner.alive = false;
      runner.paused = false;
      runner.held.length = 0;
      withdraw(runner);
    },
    step: async () => {
      const task = ready.length > 0 ? takeSoon() : takeTimer();
      if (!task) return false;
      task.run();
      await everythingSetOff();
      return true;
    },
    isIdle: () => ready.length === 0,
    nextAt: () => timers.nextAt(),
    skipTo: (time) => {
      now = Math.max(now, time);
    },
  };
}

const NOTHING: Task = { on: null, run: () => undefined };

/** Promise reactions, of which none waits for anything outside. */
function everythingSetOff(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
