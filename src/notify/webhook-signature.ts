import { createHmac } from "node:crypto";
import { webhookKey } from "../event/webhook-secret.ts";
import { SECOND } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";

export interface SignedMessage {
  id: string;
  body: string;
  /** Of this attempt: a receiver refuses what is minutes old. Epoch milliseconds. */
  sentAt: number;
}

/**
 * The headers of Standard Webhooks: the message's id, the time, and a signature with each secret that lives, so that a receiver may
 * know either of two while they change.
 */
export function signatureHeaders(message: SignedMessage, secrets: readonly Secret<string>[]): Record<string, string> {
  const timestamp = String(Math.floor(message.sentAt / SECOND));
  const signed = `${message.id}.${timestamp}.${message.body}`;
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((each) => `v1,${sign(each, signed)}`).join(" "),
  };
}

function sign(secret: Secret<string>, signed: string): string {
  const key = webhookKey(secret.reveal());
  if (!key) throw new Error("Only secrets that can sign are stored.");
  return createHmac("sha256", key).update(signed).digest("base64");
}
