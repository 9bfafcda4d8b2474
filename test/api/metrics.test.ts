import { expect, test } from "vitest";
import { openAnotherTenant } from "../security/another-tenant.ts";
import { createApi } from "../stage/api.ts";
import { openStage } from "../stage/stage.ts";

test("metrics need a key of the operator with the scope for them, and no other", async () => {
  const stage = await openStage();
  for (const key of ["", "wrong"]) {
    expect((await createApi(stage.service.url, key)("GET", "/metrics")).body).toMatchObject({ code: "unauthorized" });
  }
  const made = await stage.api("POST", "/v1/api-keys", { name: "prometheus", scopes: ["metrics:read"] });
  const prometheus = createApi(stage.service.url, made.at("key"));
  const answer = await prometheus("GET", "/metrics");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringContaining("version=0.0.4")]);
  expect((await prometheus("GET", "/v1/connections")).status).toBe(403);
  const reader = await stage.api("POST", "/v1/api-keys", { name: "reader", scopes: ["token:read"] });
  expect((await createApi(stage.service.url, reader.at("key"))("GET", "/metrics")).status).toBe(403);
  const strangers = await openAnotherTenant(stage, ["admin", "metrics:read"]);
  for (const stranger of strangers.values()) {
    expect((await stranger("GET", "/metrics")).body).toMatchObject({ code: "forbidden" });
  }
});

test("metrics count what was done, also what was answered from memory", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  for (let reads = 0; reads < 3; reads++) expect((await stage.token(connectionId)).status).toBe(200);
  expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).status).toBe(200);
  const { text } = await stage.api("GET", "/metrics");
  expect(text).toContain("\nevergrant_access_tokens_read_total 3\n");
  expect(text).toContain('\nevergrant_refreshes_total{outcome="succeeded",cause="none"} 1\n');
  expect(text).toMatch(/\nevergrant_http_request_duration_seconds_count\{method="POST",route="\/v1\/clients",.*\} 1\n/);
  expect(text).toContain('\nevergrant_tenant_key_versions{state="opening"} 0\n');
  expect(text).not.toContain(connectionId);
});
