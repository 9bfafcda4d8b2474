import { onTestFinished, expect, test } from "vitest";
import { mintKey, readKeyId } from "../../src/access/api-key.ts";
import { secret } from "../../src/runtime/secret.ts";
import { startService } from "../../src/service/service.ts";
import { StartError } from "../../src/service/start-error.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

function newKey(): string {
  return mintKey("admin", systemClock, systemRandom).text.reveal();
}

/** Starts the stage's service anew with another admin key, or none. */
async function restartWith(stage: Stage, adminKey: string | null) {
  await stage.service.close();
  const settings = { ...stage.settings, adminKey: adminKey === null ? null : secret(adminKey) };
  stage.service = await startService(settings, {
    clock: stage.clock,
    random: systemRandom,
    log: { write: (line) => void stage.log.push(line) },
  });
  onTestFinished(() => stage.service.close());
  return stage.service;
}

async function statusOf(stage: Stage, key: string): Promise<number> {
  return (await createApi(stage.service.url, key)("GET", "/v1/api-keys")).status;
}

test("another admin key is accepted at the next start, and the one before is revoked by it", async () => {
  const stage = await openStage();
  const made = await stage.api("POST", "/v1/api-keys", { name: "other admin", scopes: ["admin"] });
  const next = newKey();
  await restartWith(stage, next);
  expect(await statusOf(stage, next)).toBe(200);
  expect(await statusOf(stage, stage.adminKey)).toBe(401);
  expect(await statusOf(stage, made.at("key"))).toBe(200);
});

test("a revoked admin key is refused at the start, and comes back by no means", async () => {
  const stage = await openStage();
  const next = newKey();
  await restartWith(stage, next);
  const refused = await restartWith(stage, stage.adminKey).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StartError);
  expect(refused).toMatchObject({
    kind: "settings",
    message: expect.stringContaining("EVERGRANT_ADMIN_KEY was revoked"),
  });
  expect(String(refused)).not.toContain(stage.adminKey);
  await restartWith(stage, next);
  expect([await statusOf(stage, stage.adminKey), await statusOf(stage, next)]).toEqual([401, 200]);
});

test("an admin key stays good when the setting is taken away, and no other is made", async () => {
  const stage = await openStage();
  const { newAdminKey } = await restartWith(stage, null);
  expect(newAdminKey).toBeNull();
  expect(await statusOf(stage, stage.adminKey)).toBe(200);
});

test("an admin key that was rotated keeps its overlap when its successor is set", async () => {
  const stage = await openStage();
  const id = readKeyId(stage.adminKey) ?? "";
  const rotated = await stage.api("POST", `/v1/api-keys/${id}/rotate`, { overlap_seconds: 600 });
  await restartWith(stage, rotated.at("key"));
  expect([await statusOf(stage, stage.adminKey), await statusOf(stage, rotated.at("key"))]).toEqual([200, 200]);
  await stage.clock.advance(600_000);
  expect([await statusOf(stage, stage.adminKey), await statusOf(stage, rotated.at("key"))]).toEqual([401, 200]);
  const refused = await restartWith(stage, stage.adminKey).catch((error: unknown) => error);
  expect(refused).toMatchObject({ kind: "settings", message: expect.stringContaining("replaced by another") });
});

test("a database whose admin keys have all ended gets a new one, shown once", async () => {
  const stage = await openStage();
  const id = readKeyId(stage.adminKey) ?? "";
  await stage.api("DELETE", `/v1/api-keys/${id}`);
  const { newAdminKey } = await restartWith(stage, null);
  expect(await statusOf(stage, newAdminKey?.reveal() ?? "")).toBe(200);
  expect((await restartWith(stage, null)).newAdminKey).toBeNull();
});
