import type { Random } from "../runtime/random.ts";
import type { SealAddress } from "../runtime/sealer.ts";
import { secret, type Secret } from "../runtime/secret.ts";

/** As Standard Webhooks writes it: `whsec_` and the key in base64. */
const PREFIX = "whsec_";
const BYTES = 32;
/** Those of HMAC-SHA256, and what the standard allows. */
const SHORTEST = 24;
const LONGEST = 64;

export function mintWebhookSecret(random: Random): Secret<string> {
  return secret(PREFIX + Buffer.from(random.bytes(BYTES)).toString("base64"));
}

/** The key in a secret that somebody brings along; null for a text that is none. */
export function webhookKey(text: string): Uint8Array | null {
  const [, base64 = ""] = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/.exec(text) ?? [];
  const key = Buffer.from(base64, "base64");
  const isWhole = key.toString("base64") === base64;
  return isWhole && key.length >= SHORTEST && key.length <= LONGEST ? key : null;
}

export function webhookSecretAddress(tenantId: string, id: string): SealAddress {
  return { tenantId, recordId: id, field: "webhook_secret", generation: 0 };
}
