import { expect, test } from "vitest";
import type { TransportResult } from "../../src/oauth/http.ts";
import { sendWebhook, type SendPorts } from "../../src/notify/send-webhook.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createManualClock } from "../stage/manual-clock.ts";

const ENDPOINT = { id: "whe_1", url: "https://hooks.example/x" };
const SECRET = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;

async function send(result: TransportResult, changes: Partial<SendPorts> = {}) {
  const sent: unknown[] = [];
  const stored = { id: "whs_1", tenantId: "ten_1", endpointId: "whe_1", createdAt: 0, retiresAt: null };
  const ports: SendPorts = {
    clock: createManualClock(),
    transport: {
      send: (request, options) => {
        sent.push({ ...request, ...options });
        return Promise.resolve(result);
      },
    },
    webhooks: { secrets: () => Promise.resolve([{ ...stored, sealed: Buffer.of(1) }]) },
    sealer: {
      seal: () => Promise.reject(new Error("Nothing is sealed here.")),
      open: (address) => Promise.resolve(secret(address.recordId === "whs_1" ? SECRET : "another")),
      name: () => Promise.reject(new Error("Nothing is named here.")),
    },
    ...changes,
  };
  return { outcome: await sendWebhook(ports, ENDPOINT, { id: "evt_1", body: "{}" }), sent };
}

function answer(status: number, retryAfterMs: number | null = null): TransportResult {
  return { kind: "response", response: { status, headers: {}, body: Buffer.from("ignored"), retryAfterMs } };
}

test("a message is one POST with a deadline of ten seconds", async () => {
  const { sent } = await send(answer(204));
  expect(sent).toEqual([
    {
      method: "POST",
      url: ENDPOINT.url,
      headers: {
        "content-type": "application/json",
        "webhook-id": "evt_1",
        "webhook-timestamp": expect.stringMatching(/^\d{10}$/),
        "webhook-signature": expect.stringMatching(/^v1,\S{44}$/),
      },
      body: "{}",
      deadlineMs: 10_000,
    },
  ]);
});

test("any 2xx is a success, and nothing else", async () => {
  const codes = await Promise.all(
    [200, 299, 199, 301, 304, 410, 500].map(async (s) => (await send(answer(s))).outcome.code),
  );
  expect(codes).toEqual([null, null, ...Array<string>(5).fill("http_status")]);
  expect((await send(answer(503, 7000))).outcome).toMatchObject({ status: 503, retryAfterMs: 7000 });
  const lost = { kind: "failure", sent: true, reason: "timeout" } as const;
  expect((await send(lost)).outcome).toMatchObject({ status: null, code: "timeout", retryAfterMs: null });
});

test("without the key of its tenant nothing is sent, and a database that is down is another matter", async () => {
  const { outcome, sent } = await send(answer(204), failing("key_unavailable"));
  expect([outcome.code, sent]).toEqual(["key_unavailable", []]);
  await expect(send(answer(204), failing("store_unavailable"))).rejects.toThrow("No.");
});

/** Whose secrets cannot be opened. */
function failing(code: "key_unavailable" | "store_unavailable"): Pick<SendPorts, "sealer"> {
  return {
    sealer: {
      seal: () => Promise.reject(new Error("Nothing is sealed here.")),
      open: () => Promise.reject(new ServiceError(code, "No.")),
      name: () => Promise.reject(new Error("Nothing is named here.")),
    },
  };
}
