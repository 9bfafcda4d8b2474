import { createPace } from "../../../src/refresh/pace/create-pace.ts";
import type { NoTurn, Pace, PaceLimits, Priority, Turn } from "../../../src/refresh/pace/pace.ts";
import type { Clock } from "../../../src/runtime/clock.ts";
import { HOUR } from "../../../src/runtime/clock.ts";
import type { Random } from "../../../src/runtime/random.ts";
import { createCollectingObserver, type CollectingObserver } from "../../stage/collecting-observer.ts";
import { fixedRandom } from "../../stage/fixed-random.ts";
import { createManualClock, type ManualClock } from "../../stage/manual-clock.ts";

/** A request for a turn, and what became of it so far. */
export interface Asked {
  key: string;
  answer: Turn | NoTurn | undefined;
  /** When the answer came, in milliseconds since the stage was set. */
  at: number | undefined;
}

export interface AskOptions {
  key?: string;
  host?: string;
  clientId?: string;
  priority?: Priority;
  patienceMs?: number;
  limits?: Partial<PaceLimits>;
}

export interface PaceStage {
  clock: ManualClock;
  /** When the stage was set (epoch milliseconds). */
  start: number;
  pace: Pace;
  observer: CollectingObserver;
  ask(options?: AskOptions): Asked;
  /** Asks, and expects a turn before time goes on. */
  turn(options?: AskOptions): Promise<Turn>;
  /** Asks, and expects to be refused before time goes on. */
  refusal(options?: AskOptions): Promise<NoTurn>;
  /** Keys of those who got a turn, in order. */
  served: string[];
  /** How often somebody went to sleep. */
  sleeps(): number;
  /** How often somebody looked at the clock. */
  readings(): number;
}

/** Ten a second and as many at once as wanted, unless told otherwise; chance is in the middle, so that delays are whole. */
export function createPaceStage(limits: Partial<PaceLimits> = {}, random: Random = fixedRandom(0.5)): PaceStage {
  const clock = createManualClock();
  const start = clock.now();
  const observer = createCollectingObserver();
  let sleeps = 0;
  let readings = 0;
  const counting: Clock = {
    ...clock,
    monotonic: () => {
      readings++;
      return clock.monotonic();
    },
    sleep: (milliseconds, signal) => {
      sleeps++;
      return clock.sleep(milliseconds, signal);
    },
  };
  const pace = createPace({ clock: counting, random, observer });
  const served: string[] = [];
  let asked = 0;

  function ask(options: AskOptions = {}): Asked {
    const { key = `con_${++asked}`, host = "as.example", clientId = "cli_a" } = options;
    const { priority = "caller", patienceMs = HOUR } = options;
    const to = { host, clientId, limits: { perSecond: 10, concurrent: 100_000, ...limits, ...options.limits } };
    const request: Asked = { key, answer: undefined, at: undefined };
    void take(request, pace.turn(key, to, priority, patienceMs));
    return request;
  }

  async function take(request: Asked, answer: Promise<Turn | NoTurn>): Promise<void> {
    request.answer = await answer;
    request.at = clock.monotonic();
    if (request.answer.kind === "turn") served.push(request.key);
  }

  async function answered(options: AskOptions | undefined): Promise<Turn | NoTurn> {
    const request = ask(options);
    await Promise.resolve();
    await Promise.resolve();
    if (request.answer === undefined) throw new Error(`${request.key} waits`);
    return request.answer;
  }

  return {
    clock,
    start,
    pace,
    observer,
    ask,
    turn: async (options) => turnOf(await answered(options)),
    refusal: async (options) => refusalOf(await answered(options)),
    served,
    sleeps: () => sleeps,
    readings: () => readings,
  };
}

export function turnOf(answer: Turn | NoTurn | undefined): Turn {
  if (answer?.kind !== "turn") throw new Error(`no turn: ${JSON.stringify(answer)}`);
  return answer;
}

export function refusalOf(answer: Turn | NoTurn | undefined): NoTurn {
  if (answer?.kind !== "no_turn") throw new Error(`not refused: ${JSON.stringify(answer)}`);
  return answer;
}

export const ANSWERED = { kind: "answered" } as const;
export const FAILED = { kind: "failed" } as const;
export const THROTTLED = { kind: "throttled", retryAfterMs: null } as const;
export const UNUSED = { kind: "unused" } as const;

/** Uses up what may come at once, so that whoever comes next has to wait. */
export async function drain(stage: PaceStage, options: AskOptions = {}, burst = 5): Promise<Turn[]> {
  const turns: Turn[] = [];
  for (let count = 0; count < burst; count++) turns.push(await stage.turn({ key: "drain", ...options }));
  stage.served.length = 0;
  return turns;
}
