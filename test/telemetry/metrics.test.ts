import { expect, test } from "vitest";
import type { Rekey } from "../../src/access/rekey-store.ts";
import { createMetrics, type StoredNumbers } from "../../src/telemetry/metrics.ts";

const REKEY: Rekey = {
  tenantId: "ten_1",
  version: 2,
  place: { table: "token_sets", after: "con_1" },
  done: 30,
  total: 100,
  startedAt: 0,
  finishedAt: null,
  atWork: { owner: "ins_1", forMs: 1000, doneBefore: 0 },
};
const STORED: StoredNumbers = {
  rekeys: [],
  keys: { sealing: 2, opening: 1, retired: 0 },
  incidents: { rejections: 0, client_suspended: 0, provider: 0, tenant: 0, key_unavailable: 0 },
  oldestProof: 90_000,
  deliveries: { count: 3, oldestMs: 90_500 },
};

function open(stored: () => Promise<StoredNumbers> = async () => STORED) {
  const metrics = createMetrics(stored);
  /** The service's own lines, without what is said of the process. */
  const lines = async () => {
    const { body } = await metrics.text();
    return body.split("\n").filter((line) => line.startsWith("evergrant_"));
  };
  return { ...metrics, lines };
}

test("attempts to refresh are counted by how they ended, and by causes that have a name", async () => {
  const { observer, lines } = open();
  observer.event("refresh.succeeded", { connectionId: "con_1", generation: 2 });
  observer.event("refresh.failed", { connectionId: "con_1", cause: "provider_unavailable", code: "http_503" });
  observer.event("refresh.failed", { connectionId: "con_2", cause: "provider_unavailable", code: null });
  observer.event("refresh.answer_lost", { connectionId: "con_1", cause: "made up by somebody" });
  observer.event("connection.reauthorization_required", { connectionId: "con_1", cause: "revoked_by_user" });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'evergrant_refreshes_total{outcome="succeeded",cause="none"} 1',
      'evergrant_refreshes_total{outcome="failed",cause="provider_unavailable"} 2',
      'evergrant_refreshes_total{outcome="answer_lost",cause="none"} 1',
      'evergrant_refreshes_total{outcome="rejected",cause="revoked_by_user"} 1',
      'evergrant_events_total{event="refresh.failed"} 2',
    ]),
  );
});

test("proxied requests are counted by how they ended, and the bytes of their bodies by where they went", async () => {
  const { observer, lines } = open();
  const request = { connectionId: "con_1", by: "key_1", status: 200, bytesSent: 10, bytesReceived: 3, durationMs: 1 };
  observer.event("proxy.completed", { ...request, outcome: "answered" });
  observer.event("proxy.completed", { ...request, outcome: "aborted", status: null });
  const all = await lines();
  expect(all).toEqual(
    expect.arrayContaining([
      'evergrant_proxied_requests_total{outcome="answered"} 1',
      'evergrant_proxied_requests_total{outcome="aborted"} 1',
      'evergrant_proxied_bytes_total{direction="sent"} 20',
      'evergrant_proxied_bytes_total{direction="received"} 6',
    ]),
  );
  expect(all.join(" ")).not.toMatch(/con_1|key_1/);
});

test("requests are counted by the pattern of their route, and reads apart from them", async () => {
  const { observer, countRead, lines } = open();
  const request = { method: "GET", route: "/v1/connections/:id", status: 200, durationMs: 20 };
  observer.event("request.completed", request);
  observer.event("request.completed", { ...request, route: null, status: 404 });
  countRead();
  countRead();
  const all = await lines();
  const name = "evergrant_http_request_duration_seconds";
  expect(all).toContain(`${name}_count{method="GET",route="/v1/connections/:id",status="200"} 1`);
  expect(all).toContain(`${name}_sum{method="GET",route="/v1/connections/:id",status="200"} 0.02`);
  expect(all).toContain(`${name}_count{method="GET",route="none",status="404"} 1`);
  expect(all).toContain("evergrant_access_tokens_read_total 2");
  expect(await lines()).toContain("evergrant_access_tokens_read_total 2");
});

test("no id, host or code of others becomes a label", async () => {
  const { observer, text } = open(async () => ({ ...STORED, rekeys: [REKEY] }));
  const chosen = ["con_chosen", "cli_chosen", "ten_chosen", "host.chosen.example", "code_chosen"];
  const [connectionId = "", clientId = "", tenantId = "", host = "", code = ""] = chosen;
  for (const name of ["refresh.failed", "breaker.opened", "pace.throttled", "client.suspended"] as const) {
    observer.event(name, { connectionId, clientId, tenantId, host, code, cause: code });
  }
  const { body } = await text();
  expect(body).toContain('evergrant_events_total{event="breaker.opened"} 1');
  expect([...chosen, "ten_1", "ins_1", "con_1"].filter((part) => body.includes(part))).toEqual([]);
});

test("keys and rekeys are what the store says, and nothing is said of them while it is silent", async () => {
  let isSilent = false;
  const finished = { ...REKEY, finishedAt: 1, atWork: null };
  const rekeys = [REKEY, { ...REKEY, done: 5, total: 10, atWork: null }, finished];
  const { lines } = open(() => (isSilent ? Promise.reject(new Error("down")) : Promise.resolve({ ...STORED, rekeys })));
  const gauges = async () => (await lines()).filter((line) => /^evergrant_(rekey|tenant_key)/.test(line));
  expect(await gauges()).toEqual([
    'evergrant_tenant_key_versions{state="sealing"} 2',
    'evergrant_tenant_key_versions{state="opening"} 1',
    'evergrant_tenant_key_versions{state="retired"} 0',
    'evergrant_rekeys{state="running"} 1',
    'evergrant_rekeys{state="waiting"} 1',
    'evergrant_rekeys{state="finished"} 1',
    'evergrant_rekey_values{state="done"} 35',
    'evergrant_rekey_values{state="left"} 75',
  ]);
  isSilent = true;
  expect(await gauges()).toEqual([]);
});

test("webhooks and mails are counted by how each attempt ended, and what waits is what the store says", async () => {
  const { observer, lines } = open();
  observer.event("webhook.delivered", { endpointId: "whe_1", status: 204 });
  observer.event("webhook.failed", { endpointId: "whe_1", status: 503, code: "http_status" });
  observer.event("webhook.given_up", { endpointId: "whe_1", code: "refused" });
  observer.event("mail.sent", { kind: "digest" });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'evergrant_webhook_attempts_total{outcome="delivered"} 1',
      'evergrant_webhook_attempts_total{outcome="failed"} 1',
      'evergrant_webhook_attempts_total{outcome="given_up"} 1',
      'evergrant_mail_attempts_total{outcome="sent"} 1',
      "evergrant_webhook_deliveries_waiting 3",
      "evergrant_webhook_oldest_waiting_seconds 90.5",
    ]),
  );
});

test("the process itself is told of, each service for itself", async () => {
  const [one, another] = [open(), open()];
  one.countRead();
  expect((await one.text()).body).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect((await one.text()).contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await another.lines()).toContain("evergrant_access_tokens_read_total 0");
});
