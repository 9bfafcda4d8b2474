import type { Transport } from "../oauth/http.ts";
import type { DeliveryCode, SendOutcome } from "../event/webhook-delivery.ts";
import type { WebhookEndpoint, WebhookStore } from "../event/webhook-endpoint.ts";
import { webhookSecretAddress } from "../event/webhook-secret.ts";
import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Sealer } from "../runtime/sealer.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { signatureHeaders } from "./webhook-signature.ts";

export interface SendPorts {
  transport: Transport;
  webhooks: Pick<WebhookStore, "secrets">;
  sealer: Sealer;
  clock: Clock;
}

const DEADLINE = 10 * SECOND;

/**
 * Sends a message to an endpoint, once, signed with all of its secrets that live. Any 2xx is a success, whatever the body says; a
 * redirect is none, because it would lead where nobody has looked. Throws `store_unavailable` before anything was sent.
 */
export async function sendWebhook(
  ports: SendPorts,
  endpoint: Pick<WebhookEndpoint, "id" | "url">,
  { id, body }: { id: string; body: string },
): Promise<SendOutcome> {
  const { transport, clock } = ports;
  const secrets = await openSecrets(ports, endpoint.id);
  if (!secrets) return { status: null, code: "key_unavailable", retryAfterMs: null, durationMs: 0 };
  const startedAt = clock.monotonic();
  const headers = signatureHeaders({ id, body, sentAt: clock.now() }, secrets);
  const result = await transport.send(
    { method: "POST", url: endpoint.url, headers: { "content-type": "application/json", ...headers }, body },
    { deadlineMs: DEADLINE },
  );
  const durationMs = Math.round(clock.monotonic() - startedAt);
  if (result.kind === "failure") return { status: null, code: result.reason, retryAfterMs: null, durationMs };
  const { status, retryAfterMs } = result.response;
  return { status, code: codeOf(status), retryAfterMs, durationMs };
}

function codeOf(status: number): DeliveryCode | null {
  return status >= 200 && status < 300 ? null : "http_status";
}

/** Null where a key is missing. */
async function openSecrets({ webhooks, sealer }: SendPorts, endpointId: string): Promise<Secret<string>[] | null> {
  const sealed = await webhooks.secrets(endpointId);
  try {
    return await Promise.all(
      sealed.map((each) => sealer.open(webhookSecretAddress(each.tenantId, each.id), each.sealed)),
    );
  } catch (error) {
    if (error instanceof ServiceError && error.code === "key_unavailable") return null;
    throw error;
  }
}
