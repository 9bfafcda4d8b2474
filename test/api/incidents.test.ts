import { expect, test } from "vitest";
import { openIncident } from "../security/open-incident.ts";
import { openStage } from "../stage/stage.ts";

test("an incident says what to do, and is listed by state", async () => {
  const stage = await openStage();
  expect((await stage.api("GET", "/v1/incidents")).body).toEqual({ incidents: [], next_before: null });
  const id = openIncident(stage);
  const { body } = await stage.api("GET", `/v1/incidents/${id}`);
  expect(body).toMatchObject({
    id,
    tenant: "default",
    kind: "rejections",
    state: "open",
    who_acts: "user",
    suggestion: expect.stringContaining("Ask once"),
    members: [],
    next_after: null,
  });
  expect((await stage.api("GET", "/v1/incidents?state=open")).body).toMatchObject({ incidents: [{ id }] });
  expect((await stage.api("GET", "/v1/incidents?state=resolved")).body).toMatchObject({ incidents: [] });
  expect((await stage.api("GET", "/v1/incidents?state=lost")).status).toBe(400);
});

test("it is acknowledged by a key, again without effect, and not when it is over", async () => {
  const stage = await openStage();
  const id = openIncident(stage);
  const acknowledged = { state: "acknowledged", acknowledged_by: expect.stringMatching(/^key_/) };
  const path = `/v1/incidents/${id}/acknowledge`;
  expect((await stage.api("POST", path)).body).toMatchObject(acknowledged);
  expect((await stage.api("POST", path)).body).toMatchObject(acknowledged);
  // Nobody is in it, and nobody has joined it for five minutes.
  await stage.clock.advance(6 * 60_000);
  await expect.poll(async () => (await stage.api("GET", `/v1/incidents/${id}`)).at("state")).toBe("resolved");
  expect((await stage.api("POST", path)).body).toMatchObject({ status: 409, code: "conflict" });
});

test("open ones are counted by kind in the metrics", async () => {
  const stage = await openStage();
  openIncident(stage);
  const { text } = await stage.api("GET", "/metrics");
  expect(text).toContain('evergrant_open_incidents{kind="rejections"} 1');
  expect(text).toContain('evergrant_open_incidents{kind="provider"} 0');
});

test("the operator sees those of a tenant by its id, and nobody else does", async () => {
  const stage = await openStage();
  const id = openIncident(stage);
  expect((await stage.api("GET", "/v1/incidents?tenant=default")).body).toMatchObject({ incidents: [{ id }] });
  const tenant = (await stage.api("POST", "/v1/tenants", { name: "Acme" })).at("id");
  expect((await stage.api("GET", `/v1/incidents?tenant=${tenant}`)).body).toMatchObject({ incidents: [] });
});
