import type { DeliveryStore } from "../event/webhook-delivery.ts";
import type { WebhookStore } from "../event/webhook-endpoint.ts";
import { MINUTE } from "../runtime/clock.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";

export interface NotificationUpkeepDeps extends RoundsDeps {
  deliveries: Pick<DeliveryStore, "prune">;
  webhooks: Pick<WebhookStore, "eraseRetired">;
}

const INTERVAL = 10 * MINUTE;
/** Rows of one transaction. */
const AT_ONCE = 500;
/** Between two of them, so that requests are answered meanwhile: SQLite keeps the whole process waiting. */
const PAUSE = 20;

/** Erases secrets whose time is over, and deletes what nobody needs to look up any more. */
export function keepNotifications(deps: NotificationUpkeepDeps): Rounds {
  const { deliveries, webhooks, clock } = deps;
  return createRounds(deps, INTERVAL, async () => {
    await webhooks.eraseRetired();
    while ((await deliveries.prune(AT_ONCE)) >= AT_ONCE) await clock.sleep(PAUSE);
  });
}
