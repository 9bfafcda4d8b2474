import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { signatureHeaders } from "../../src/notify/webhook-signature.ts";
import { secret } from "../../src/runtime/secret.ts";

const ONE = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
const ANOTHER = `whsec_${Buffer.alloc(24, 8).toString("base64")}`;

test("the headers are what the standard's own library makes of the same message, one signature for each secret", () => {
  const sentAt = Date.now();
  const message = { id: "evt_1", body: '{"type":"x","ü":1}', sentAt };
  const signatures = [ONE, ANOTHER].map((each) => new Webhook(each).sign(message.id, new Date(sentAt), message.body));
  expect(signatureHeaders(message, [ONE, ANOTHER].map(secret))).toEqual({
    "webhook-id": "evt_1",
    "webhook-timestamp": String(Math.floor(sentAt / 1000)),
    "webhook-signature": signatures.join(" "),
  });
});

test("and are nothing to another secret, another body, or another id", () => {
  const message = { id: "evt_1", body: "{}", sentAt: Date.now() };
  const headers = signatureHeaders(message, [secret(ONE)]);
  const verify =
    (key: string, body: string, changed = {}) =>
    () =>
      void new Webhook(key).verify(body, { ...headers, ...changed });
  expect(verify(ONE, "{}")).not.toThrow();
  expect(verify(ANOTHER, "{}")).toThrow("No matching signature");
  expect(verify(ONE, "{ }")).toThrow("No matching signature");
  expect(verify(ONE, "{}", { "webhook-id": "evt_2" })).toThrow("No matching signature");
});
