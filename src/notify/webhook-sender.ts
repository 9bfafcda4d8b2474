import type { OutboxStore } from "../event/outbox.ts";
import type { DeliveryStore } from "../event/webhook-delivery.ts";
import { SECOND } from "../runtime/clock.ts";
import { deferred, type Deferred } from "../runtime/deferred.ts";
import type { Rounds } from "../runtime/rounds.ts";
import { codeOf } from "../runtime/service-error.ts";
import { deliver, type DeliverPorts } from "./deliver.ts";

export interface WebhookSenderDeps extends DeliverPorts {
  outbox: Pick<OutboxStore, "passOn">;
  deliveries: Pick<DeliveryStore, "claim" | "event" | "note">;
}

const INTERVAL = 5 * SECOND;
/** Events of one transaction. */
const BATCH = 100;
const MOST_AT_ONCE = 32;
/** So that a slow endpoint leaves room for the others. */
const MOST_OF_ENDPOINT = 8;

/** Passes events on, and sends what is due until it is stopped. Several instances may, each with deliveries of its own. */
export function createWebhookSender(deps: WebhookSenderDeps): Rounds {
  const { clock, outbox, deliveries, observer, mailOperators } = deps;
  const stopping = new AbortController();
  const underWay = new Map<Promise<void>, string>();
  let ended: Deferred<void> = deferred();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const more = await round().catch(report);
      if (!more) await pause();
    }
    await Promise.all(underWay.keys());
  }

  /** True when there may be more to do at once. */
  async function round(): Promise<boolean> {
    ended = deferred();
    const passedOn = await outbox.passOn(BATCH, mailOperators);
    return (await sendDue()) || passedOn > 0;
  }

  async function sendDue(): Promise<boolean> {
    const limit = MOST_AT_ONCE - underWay.size;
    if (limit <= 0) return false;
    const endpoints = [...underWay.values()];
    const isFull = (id: string): boolean => endpoints.filter((each) => each === id).length >= MOST_OF_ENDPOINT;
    const exceptEndpoints = [...new Set(endpoints)].filter(isFull);
    const claimed = await deliveries.claim({ limit, perEndpoint: MOST_OF_ENDPOINT, exceptEndpoints });
    for (const delivery of claimed) {
      const work: Promise<void> = deliver(deps, delivery)
        .catch(report)
        .then(() => end(work));
      underWay.set(work, delivery.endpointId);
    }
    return claimed.length > 0;
  }

  function end(work: Promise<void>): void {
    underWay.delete(work);
    ended.resolve();
  }

  /** Until something ends, which may let another one go, or for an interval. */
  async function pause(): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    stopping.signal.addEventListener("abort", wake);
    if (stopping.signal.aborted) wake();
    void ended.promise.then(wake);
    await clock.sleep(INTERVAL, woken.signal);
    stopping.signal.removeEventListener("abort", wake);
  }

  /** Its lease ends, and it is claimed again. */
  function report(error: unknown): false {
    observer.event("store.failed", { code: codeOf(error) });
    return false;
  }

  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
