import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";

/** So many connections, whose access tokens the API refuses when they are so old. */
async function refusedAt(stage: EngineStage, ids: readonly string[], age: number): Promise<void> {
  for (const id of ids) await stage.refresh(id);
  await stage.clock.advance(age);
  for (const id of ids) await stage.rejected(id, (await stage.held(id)).tokens.generation);
}

async function openConnected(count: number) {
  const stage = await openEngineStage();
  return { stage, ids: await Promise.all(Array.from({ length: count }, () => stage.connect())) };
}

async function learned({ clients, clientId }: EngineStage) {
  return (await clients.find(clientId))?.learnedLife ?? null;
}

describe("access tokens that their API refuses before their time", () => {
  test("shorten the life that is counted on for their client, when several do", async () => {
    const { stage, ids } = await openConnected(3);
    await refusedAt(stage, ids, 20 * MINUTE);
    expect(await learned(stage)).toMatchObject({ milliseconds: 20 * MINUTE });
    expect(stage.observer.of("client.life_learned")).toEqual([{ clientId: stage.clientId, seconds: 1200 }]);
    const [id = ""] = ids;
    const sentAt = stage.clock.now();
    await stage.refresh(id);
    expect((await stage.held(id)).tokens.expiresAt).toBe(sentAt + 20 * MINUTE);
  });

  test.each<[string, number, number]>([
    ["two of them", 2, 20 * MINUTE],
    ["such as had nearly ended", 3, 55 * MINUTE],
    ["such as were just issued", 3, 2 * MINUTE],
  ])("teach nothing: %s", async (_what, count, age) => {
    const { stage, ids } = await openConnected(count);
    await refusedAt(stage, ids, age);
    expect(await learned(stage)).toBeNull();
  });

  test("count once a connection", async () => {
    const { stage, ids } = await openConnected(1);
    for (let times = 0; times < 3; times++) await refusedAt(stage, ids, 20 * MINUTE);
    expect(await learned(stage)).toBeNull();
  });

  test("count for a day", async () => {
    const { stage, ids } = await openConnected(3);
    await refusedAt(stage, ids.slice(0, 2), 20 * MINUTE);
    await stage.clock.advance(24 * HOUR);
    await refusedAt(stage, ids.slice(2), 20 * MINUTE);
    expect(await learned(stage)).toBeNull();
  });
});
