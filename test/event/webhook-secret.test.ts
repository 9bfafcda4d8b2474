import { expect, test } from "vitest";
import { mintWebhookSecret, webhookKey } from "../../src/event/webhook-secret.ts";
import { systemRandom } from "../../src/service/system.ts";

test("a secret is made of 32 bytes of chance", () => {
  const [one, another] = [mintWebhookSecret(systemRandom).reveal(), mintWebhookSecret(systemRandom).reveal()];
  expect(one).not.toBe(another);
  expect(webhookKey(one)).toHaveLength(32);
});

test("the key of a secret has from 24 to 64 bytes, in base64 as it is written", () => {
  expect([23, 24, 64, 65].map((length) => webhookKey(text(length))?.length ?? null)).toEqual([null, 24, 64, null]);
  const url = `whsec_${Buffer.alloc(32, 255).toString("base64url")}`;
  for (const wrong of ["", "whsec_", text(32).slice(6), url, `${text(24)}=`, ` ${text(24)}`, `${text(24)}\n`]) {
    expect([wrong, webhookKey(wrong)]).toEqual([wrong, null]);
  }
});

function text(length: number): string {
  return `whsec_${Buffer.alloc(length, 255).toString("base64")}`;
}
