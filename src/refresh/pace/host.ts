import { SECOND, type Clock } from "../../runtime/clock.ts";
import type { Observer } from "../../runtime/observer.ts";
import type { Random } from "../../runtime/random.ts";
import { createAlarm } from "./alarm.ts";
import { createBreaker } from "./breaker.ts";
import { createFlow } from "./flow.ts";
import { createForgetfulMap } from "./forgetful-map.ts";
import { isForgettable, type Lane } from "./lane.ts";
import { rateLimited, unavailable } from "./no-turn.ts";
import { PRIORITIES, type Destination, type NoTurn, type Turn, type TurnEnd } from "./pace.ts";
import { createThrottle, endThrottle } from "./throttling.ts";
import { createTurnQueue } from "./turn-queue.ts";
import type { Waiter } from "./waiter.ts";
import type { WaitersByKey } from "./waiters-by-key.ts";

/** What gets its turn within this time is worth having ready. */
const SOON = 2 * SECOND;

const LOWEST = PRIORITIES.length - 1;

export interface HostDeps {
  clock: Clock;
  random: Random;
  observer: Observer;
  waitersByKey: WaitersByKey;
}

/** What a request asks for: `Pace.turn`. */
export interface Request {
  key: string;
  to: Destination;
  /** Place of its priority among `PRIORITIES`. */
  rank: number;
  patienceMs: number;
}

/** One token host: its clients, its own limits, and everybody who waits for a turn there. */
export interface Host {
  turn(request: Request): Promise<Turn | NoTurn>;
  /** How many requests of each client have a turn, or would get one soon. */
  capacities(): { clientId: string; capacity: number }[];
  setShare(part: number): void;
  /** Whether nothing would be lost with it. */
  isForgettable(): boolean;
}

/** A turn that was given. */
interface Sent {
  lane: Lane;
  probe: number | null;
  sentAt: number;
}

export function createHost(
  { clock, random, observer, waitersByKey }: HostDeps,
  name: string,
  initialShare: number,
): Host {
  const flow = createFlow(initialShare);
  const throttle = createThrottle(flow, random);
  const queue = createTurnQueue();
  const alarm = createAlarm(clock, () => serve(clock.monotonic()));
  const lanes = createForgetfulMap(createLane, isIdle);
  let share = initialShare;
  let concurrent = 1;
  let underWay = 0;
  let arrivals = 0;

  function createLane(clientId: string): Lane {
    return {
      clientId,
      flow: createFlow(share),
      breaker: createBreaker(random),
      underWay: 0,
      pausedUntil: -Infinity,
      throttledInRow: 0,
      usedAt: -Infinity,
    };
  }

  function isIdle(lane: Lane): boolean {
    return queue.waiting(lane, LOWEST) === 0 && isForgettable(lane, clock.monotonic());
  }

  function turn(request: Request): Promise<Turn | NoTurn> {
    const now = clock.monotonic();
    const lane = enter(request.to, now);
    const admission = lane.breaker.admit(now);
    if (admission.kind === "refused") return Promise.resolve(unavailable(clock, admission.until - now));
    if (isFree(lane, now)) return Promise.resolve(give(lane, admission.probe, now));
    const wait = waitMs(lane, request.rank, now);
    if (wait <= request.patienceMs) return join(lane, request, admission.probe, now);
    lane.breaker.release(admission.probe);
    return Promise.resolve(rateLimited(clock, wait));
  }

  function enter({ clientId, limits }: Destination, now: number): Lane {
    const lane = lanes.get(clientId);
    lane.flow.setLimit(limits.perSecond, now);
    flow.setLimit(limits.perSecond, now);
    concurrent = limits.concurrent;
    queue.refresh(lane, now);
    serve(now);
    return lane;
  }

  /** Whether a request would get its turn at once. Whoever could have gone before it has been served. */
  function isFree(lane: Lane, now: number): boolean {
    return maySend(now) && lane.flow.readyAt(now) <= now;
  }

  /** Whether one more request may go to the host now, of whatever client. */
  function maySend(now: number): boolean {
    return underWay < concurrent && flow.readyAt(now) <= now;
  }

  /** What a request that came now would wait at least. Exchanges may take long, and clients come back from their pauses. */
  function waitMs(lane: Lane, rank: number, now: number): number {
    const inLane = lane.flow.readyAt(now, queue.waiting(lane, rank) + 1);
    const atHost = flow.readyAt(now, queue.ready(rank) + 1);
    return Math.max(inLane, atHost) - now;
  }

  function join(lane: Lane, request: Request, probe: number | null, now: number): Promise<Turn | NoTurn> {
    return new Promise((answer) => {
      const { key, rank, patienceMs } = request;
      const waiter: Waiter = { key, lane, rank, arrival: arrivals++, deadline: now + patienceMs, probe, answer, raise };
      function raise(to: number): void {
        if (to < waiter.rank) queue.raise(waiter, to, clock.monotonic());
      }
      queue.add(waiter, now);
      waitersByKey.add(waiter);
      serve(now);
    });
  }

  function leave(waiter: Waiter, now: number): void {
    queue.delete(waiter, now);
    waitersByKey.delete(waiter);
  }

  /** Gives every turn that can be given, takes leave of those whose patience is over, and wakes when there is more to do. */
  function serve(now: number): void {
    queue.wake(now);
    while (maySend(now)) {
      const waiter = queue.next();
      if (waiter === undefined) break;
      waiter.answer(give(waiter.lane, waiter.probe, now));
      leave(waiter, now);
    }
    for (let waiter = queue.firstToLeave(); waiter && waiter.deadline <= now; waiter = queue.firstToLeave()) {
      turnAway(waiter, now);
    }
    const servesAt = underWay < concurrent ? Math.max(flow.readyAt(now), queue.readyAt()) : Infinity;
    alarm.set(Math.min(servesAt, queue.firstDeadline()));
  }

  function turnAway(waiter: Waiter, now: number): void {
    leave(waiter, now);
    waiter.lane.breaker.release(waiter.probe);
    waiter.answer(rateLimited(clock, waitMs(waiter.lane, waiter.rank, now)));
  }

  function give(lane: Lane, probe: number | null, now: number): Turn {
    flow.take();
    lane.flow.take();
    underWay++;
    lane.underWay++;
    let over = false;
    return {
      kind: "turn",
      done: (end) => {
        if (over) return;
        over = true;
        finish({ lane, probe, sentAt: now }, end);
      },
    };
  }

  function finish(sent: Sent, end: TurnEnd): void {
    const now = clock.monotonic();
    const { lane } = sent;
    underWay--;
    lane.underWay--;
    lane.usedAt = now;
    learn(sent, end, now);
    queue.refresh(lane, now);
    serve(now);
  }

  function learn({ lane, probe, sentAt }: Sent, end: TurnEnd, now: number): void {
    switch (end.kind) {
      case "answered":
        lane.flow.grow(sentAt, now);
        flow.grow(sentAt, now);
        endThrottle(lane, sentAt);
        return answered(lane);
      case "throttled":
        throttle(lane, sentAt, end.retryAfterMs, now);
        return throttled(lane, end.retryAfterMs, now);
      case "failed":
        if (lane.breaker.failed(probe, now)) opened(lane, now);
        return;
      case "unused":
        lane.flow.giveBack();
        flow.giveBack();
        return lane.breaker.release(probe);
    }
  }

  function answered(lane: Lane): void {
    if (lane.breaker.answered()) observer.event("breaker.closed", { host: name, clientId: lane.clientId });
  }

  /** Those whose patience ends before the pause does are told at once. */
  function throttled(lane: Lane, retryAfterMs: number | null, now: number): void {
    const rates = { perSecond: lane.flow.perSecond(), hostPerSecond: flow.perSecond() };
    observer.event("pace.throttled", { host: name, clientId: lane.clientId, retryAfterMs, ...rates });
    answered(lane);
    const goesOnAt = lane.flow.readyAt(now);
    for (const waiter of queue.waiters(lane)) if (waiter.deadline < goesOnAt) turnAway(waiter, now);
  }

  /** Nobody waits for a server that does not answer. */
  function opened(lane: Lane, now: number): void {
    const noTurn = unavailable(clock, lane.breaker.probeAt() - now);
    observer.event("breaker.opened", { host: name, clientId: lane.clientId, until: noTurn.until });
    for (const waiter of queue.waiters(lane)) {
      leave(waiter, now);
      waiter.answer(noTurn);
    }
  }

  function capacityOf(lane: Lane, now: number): number {
    if (lane.breaker.refusesUntil(now) > now) return 0;
    const left = now + SOON - Math.max(lane.flow.readyAt(now), flow.readyAt(now));
    if (left < 0) return 0;
    // Whoever comes after the probe is refused.
    if (lane.breaker.isOpen()) return lane.underWay + 1;
    const byRate = 1 + Math.floor((Math.min(lane.flow.perSecond(), flow.perSecond()) * left) / SECOND);
    // While all slots are taken, nobody knows when the next one is free: a second set of requests is enough to have ready.
    return lane.underWay + (underWay < concurrent ? byRate : Math.min(byRate, concurrent));
  }

  return {
    turn,
    capacities: () => {
      const now = clock.monotonic();
      return Array.from(lanes.values(), (lane) => ({ clientId: lane.clientId, capacity: capacityOf(lane, now) }));
    },
    setShare: (part) => {
      const now = clock.monotonic();
      share = part;
      flow.setShare(part, now);
      for (const lane of lanes.values()) {
        lane.flow.setShare(part, now);
        queue.refresh(lane, now);
      }
      serve(now);
    },
    isForgettable: () => flow.isFull(clock.monotonic()) && Array.from(lanes.values()).every(isIdle),
  };
}
