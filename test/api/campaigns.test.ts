import { expect, test } from "vitest";
import { createScriptedUser } from "@evergrant/sandbox";
import { DAY, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** Connections of users who took their consent back, as the service knows by now. */
async function openRevoked(users: readonly string[]) {
  const stage = await openStage();
  const ids = [];
  for (const user of users) {
    ids.push((await stage.connect(user)).connectionId);
    // Ids sort by age.
    await stage.clock.advance(SECOND);
  }
  for (const user of users) await stage.sandbox.control.revokeUser(user);
  for (const id of ids) await stage.api("POST", `/v1/connections/${id}/refresh`);
  return { stage, ids };
}

const start = ({ api }: Stage, body: unknown) => api("POST", "/v1/campaigns", body);

/** So that the rounds of the service have been made. */
const round = ({ clock }: Stage) => clock.advance(11 * SECOND);

test("a campaign reports who came back through the links of their connections", async () => {
  const { stage, ids } = await openRevoked(["alice", "bob"]);
  const preview = `/v1/campaigns/preview?client=${stage.clientId}`;
  expect((await stage.api("GET", preview)).body).toEqual({ connections: 2, told: 2 });
  expect((await stage.api("GET", "/v1/campaigns/preview")).status).toBe(400);
  const started = await start(stage, { client: stage.clientId, remind_after_hours: [24] });
  expect(started.status).toBe(201);
  const path = `/v1/campaigns/${started.at("id")}`;
  await stage.clock.advance(MINUTE);
  await round(stage);
  await stage.clock.leap(DAY);
  await round(stage);
  expect((await stage.api("GET", path)).body).toMatchObject({
    state: "running",
    report: { connections: 2, asked: 2, requests: 4, recovered: 0, recovery_rate: 0 },
  });
  const link = await stage.api("POST", `/v1/connections/${ids[0]}/reauthorization-link`);
  const page = await createScriptedUser({ user: "alice" }).visit(link.at("url"));
  expect(page.status).toBe(200);
  await round(stage);
  expect((await stage.api("GET", path)).body).toMatchObject({
    state: "running",
    report: { recovered: 1, recovery_rate: 0.5 },
  });
  await stage.api("DELETE", `/v1/connections/${ids[1]}`);
  await round(stage);
  expect((await stage.api("GET", path)).body).toMatchObject({
    state: "finished",
    ended_at: expect.any(String),
    report: { recovered: 1, disconnected: 1, recovery_rate: 1 },
  });
  const members = await stage.api("GET", `${path}/connections`);
  expect(members.body).toMatchObject({
    connections: [
      { connection: ids[0], asked: 2, outcome: "recovered", next_at: null },
      { connection: ids[1], asked: 2, outcome: "disconnected" },
    ],
    next_after: null,
  });
  expect(await refusalOf(stage, `${path}/cancel`)).toEqual([409, "conflict"]);
});

test.each([
  [{}, "takes one of incident, client and connections"],
  [{ client: "cli_x", connections: ["con_x"] }, "takes one of incident, client and connections"],
  [{ connections: [] }, "connections"],
  [{ client: "cli_x", remind_after_hours: [48, 24] }, "not ascending"],
  [{ client: "cli_x", remind_after_hours: [0] }, "remind_after_hours"],
  [{ client: "cli_x", quiet_hours: { from: "24:00", to: "08:00", time_zone: "UTC" } }, "a time such as 08:00"],
  [{ client: "cli_x", quiet_hours: { from: "20:00", to: "08:00", time_zone: "Mars/Olympus" } }, "not a time zone"],
])("%j is refused: %s", async (body, reason) => {
  const stage = await openStage();
  const refused = await start(stage, body);
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(reason)]);
});

test("without anybody to ask, none is started", async () => {
  const { stage } = await openRevoked([]);
  await stage.connect("alice");
  expect((await start(stage, { client: stage.clientId })).body).toMatchObject({ status: 409, code: "conflict" });
  expect((await start(stage, { client: "cli_none" })).body).toMatchObject({ status: 404 });
  expect((await stage.api("GET", "/v1/campaigns")).body).toEqual({ campaigns: [], next_before: null });
});

test("campaigns are listed newest first, in pages", async () => {
  const { stage, ids } = await openRevoked(["alice", "bob", "carol"]);
  const made: string[] = [];
  for (const id of ids) {
    await stage.clock.advance(SECOND);
    made.unshift((await start(stage, { connections: [id] })).at("id"));
  }
  const first = await stage.api("GET", "/v1/campaigns?limit=2");
  expect(first.body).toMatchObject({ campaigns: [{ id: made[0] }, { id: made[1] }], next_before: made[1] });
  const ofNone = await stage.api("GET", "/v1/campaigns?incident=inc_none");
  expect(ofNone.body).toEqual({ campaigns: [], next_before: null });
  const rest = await stage.api("GET", `/v1/campaigns?limit=2&before=${made[1]}`);
  expect(rest.body).toMatchObject({ campaigns: [{ id: made[2] }], next_before: null });
});

async function refusalOf({ api }: Stage, path: string) {
  const { body } = await api("POST", path);
  return [Reflect.get(body ?? {}, "status"), Reflect.get(body ?? {}, "code")];
}
