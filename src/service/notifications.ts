import type { WebhookRouteDeps } from "../api/routes/webhook-endpoints.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { reauthorizationLink } from "../connect/reauthorization-link.ts";
import { refusedUrl } from "../network/guard.ts";
import { keepNotifications } from "../notify/keep-notifications.ts";
import { createMailSender } from "../notify/mail-sender.ts";
import { sendWebhook } from "../notify/send-webhook.ts";
import { testMessage } from "../notify/webhook-message.ts";
import { createWebhookSender } from "../notify/webhook-sender.ts";
import { randomToken } from "../runtime/random.ts";
import type { Rounds } from "../runtime/rounds.ts";
import type { Database } from "../store/database.ts";
import { createMailStore } from "../store/mails.ts";
import { createOutboxStore } from "../store/outbox.ts";
import { createDeliveryStore } from "../store/webhook-deliveries.ts";
import { createWebhookStore } from "../store/webhook-endpoints.ts";
import { openMailer } from "./open-mailer.ts";
import type { Settings } from "./settings.ts";

export interface Notifications extends Rounds {
  /** What the routes of endpoints ask besides their stores. */
  webhookPorts: Pick<WebhookRouteDeps, "refusedUrl" | "testWebhook">;
}

/** Everything that tells people and applications what happened: webhooks, and mails where the settings name operators. */
export function openNotifications(
  database: Database,
  connectPorts: ConnectPorts,
  { mail, allowedPrivateHosts }: Pick<Settings, "mail" | "allowedPrivateHosts">,
): Notifications {
  const { clock, random, transport, sealer } = connectPorts;
  const webhooks = createWebhookStore(database);
  const deliveries = createDeliveryStore(database);
  const sendPorts = { transport, webhooks, sealer, clock };
  const to = mail?.operators ?? [];
  const rounds: Rounds[] = [
    createWebhookSender({
      ...connectPorts,
      ...sendPorts,
      deliveries,
      outbox: createOutboxStore(database),
      reauthorizationLink: (connection) => reauthorizationLink(connectPorts, connection),
      mailOperators: to.length > 0,
    }),
    keepNotifications({ ...connectPorts, deliveries, webhooks }),
  ];
  if (mail && to.length > 0) {
    const mailer = openMailer(mail, allowedPrivateHosts);
    rounds.push(createMailSender({ ...connectPorts, mails: createMailStore(database), mailer, webhooks, random, to }));
  }
  const allowed = new Set(allowedPrivateHosts.map((host) => host.toLowerCase()));
  return {
    start: () => rounds.forEach((each) => each.start()),
    stop: async () => void (await Promise.all(rounds.map((each) => each.stop()))),
    webhookPorts: {
      refusedUrl: (url) => refusedUrl(url, allowed),
      testWebhook: (endpoint) => {
        const body = testMessage(endpoint.tenantId, clock.now());
        return sendWebhook(sendPorts, endpoint, { id: `evt_test_${randomToken(random, 16)}`, body });
      },
    },
  };
}
