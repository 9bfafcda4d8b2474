import { expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { OutboxEvent } from "../../src/event/event.ts";
import { webhookMessage } from "../../src/notify/webhook-message.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

const MEMORY: DatabaseKind = { name: "SQLite in memory", open: (clock) => openSqlite(":memory:", clock) };

async function dataOf(event: Partial<OutboxEvent>, diagnosis: Diagnosis | null = null): Promise<unknown> {
  const stage = await openStoreStage(MEMORY);
  await stage.create("con_1", { endUser: "user-1", labels: { team: "blue" }, status: "degraded", diagnosis });
  const about = { tenantId: "default", connectionId: "con_1", clientId: "cli_1", incidentId: null };
  const first: OutboxEvent = { id: "evt_1", number: 1, at: 0, type: "connection.degraded", ...about, detail: {} };
  const text = await webhookMessage({ connections: stage.connections, reauthorizationLink }, { ...first, ...event });
  return JSON.parse(text).data;
}

function reauthorizationLink({ id }: { id: string }) {
  return { url: `https://eg.example/${id}`, expiresAt: 0 };
}

test("where the trouble is still the same, what is known of it now is told too", async () => {
  const diagnosis = { cause: "rotation_lost", confidence: "likely", evidence: {}, whoActs: "operator" } as const;
  const same = await dataOf({ detail: { cause: "rotation_lost" } }, diagnosis);
  expect(same).toMatchObject({ cause: "rotation_lost", confidence: "likely", who_acts: "operator" });
  const another = await dataOf({ detail: { cause: "provider_unavailable" } }, diagnosis);
  expect(another).toMatchObject({ cause: "provider_unavailable", confidence: null, who_acts: "nobody" });
});

test("a cause that has no name is told among the facts alone", async () => {
  const data = await dataOf({ detail: { cause: "made_up", days: 3 } });
  expect(data).toMatchObject({ cause: null, who_acts: null, detail: null, facts: { cause: "made_up", days: 3 } });
});

test("the link is where a new consent is asked for, and only while there is a connection", async () => {
  const needed = { type: "connection.reauthorization_required" } as const;
  expect(await dataOf(needed)).toMatchObject({
    reauthorization_url: "https://eg.example/con_1",
    reauthorization_expires_at: "1970-01-01T00:00:00.000Z",
  });
  const without = { reauthorization_url: null, reauthorization_expires_at: null };
  expect(await dataOf({ type: "connection.degraded" })).toMatchObject(without);
  const lacking = { type: "connection.degraded", detail: { cause: "scope_insufficient" } } as const;
  expect(await dataOf(lacking)).toMatchObject({ reauthorization_url: "https://eg.example/con_1" });
  expect(await dataOf({ ...lacking, detail: { cause: "provider_unavailable" } })).toMatchObject(without);
  const gone = await dataOf({ ...needed, connectionId: "con_gone" });
  expect(gone).toMatchObject({ ...without, connection: "con_gone", end_user: null, labels: {}, status: null });
});

test("what a campaign asks has the link, and what is wrong now", async () => {
  const diagnosis = { cause: "password_changed", confidence: "certain", evidence: {} } as const;
  const asked = { type: "connection.expiring", detail: { campaign: "cam_1", request: 2 } } as const;
  expect(await dataOf(asked, diagnosis)).toMatchObject({
    cause: "password_changed",
    who_acts: "user",
    reauthorization_url: "https://eg.example/con_1",
    facts: { campaign: "cam_1", request: 2 },
  });
  expect(await dataOf(asked)).toMatchObject({ cause: null, reauthorization_url: "https://eg.example/con_1" });
});
