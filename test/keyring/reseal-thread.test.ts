import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { aadOf } from "../../src/keyring/aad.ts";
import { openRecord, sealRecord } from "../../src/keyring/record.ts";
import { resealAll, type Sealed } from "../../src/keyring/reseal.ts";
import { createResealThread } from "../../src/keyring/reseal-thread.ts";
import type { SealAddress } from "../../src/runtime/sealer.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

const random = createSeededRandom(5);
const OLD = { bytes: random.bytes(32), version: 1 };
const NEW = { bytes: random.bytes(32), version: 2 };
const INSTANCE = "inst-1";

function addressOf(number: number): SealAddress {
  return { tenantId: "ten_1", recordId: `con_${number}`, field: "refresh_token", generation: number };
}

function open(entry?: URL, deadlineMs?: number) {
  const thread = createResealThread(entry, deadlineMs);
  onTestFinished(() => thread.end());
  const tenantKeys = {
    find: async (_tenantId: string, version: number) => [OLD, NEW].find((key) => key.version === version) ?? null,
    newest: async () => NEW,
  };
  const reseal = async (count: number) => {
    const sealed = await resealAll({ tenantKeys, thread, instanceId: INSTANCE, random }, "ten_1", valuesOf(count));
    return sealed.map((record, number) => {
      const plaintext = record && openRecord(NEW, aadOf(INSTANCE, addressOf(number), NEW.version), record);
      return plaintext && Buffer.from(plaintext).toString();
    });
  };
  return { reseal, thread };
}

function valuesOf(count: number): Sealed[] {
  return Array.from({ length: count }, (_, number) => {
    const address = addressOf(number);
    return { address, sealed: sealRecord(OLD, aadOf(INSTANCE, address, 1), Buffer.from(`token ${number}`), random) };
  });
}

function tokens(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `token ${number}`);
}

/** A thread that does this when it is given something; every later one is as it should be. */
function brokenOnce(what: string): URL {
  const folder = temporaryFolder();
  const flag = JSON.stringify(join(folder, "broken"));
  const well = new URL("../../dist/keyring/reseal-worker.js", import.meta.url);
  const code = `import { existsSync, writeFileSync } from "node:fs";
    import { parentPort } from "node:worker_threads";
    if (existsSync(${flag})) await import(${JSON.stringify(well)});
    else parentPort.on("message", () => { writeFileSync(${flag}, ""); ${what} });`;
  const file = join(folder, "thread.mjs");
  writeFileSync(file, code);
  return pathToFileURL(file);
}

test("values come back in their order, however many they are", async () => {
  const { reseal } = open();
  for (const many of [1, 2, 7, 100]) expect(await reseal(many)).toEqual(tokens(many));
  expect(await reseal(0)).toEqual([]);
});

test("batches that are given at once come back each for itself", async () => {
  const { reseal } = open();
  expect(await Promise.all([reseal(30), reseal(3), reseal(12)])).toEqual([tokens(30), tokens(3), tokens(12)]);
});

test.each([
  ["ends", "process.exit(1);"],
  ["throws", 'throw new Error("Out of luck.");'],
])(
  "a thread that %s in the middle of a batch fails the batch, and the next batch has another thread",
  async (_, what) => {
    const { reseal } = open(brokenOnce(what));
    await expect(reseal(10)).rejects.toMatchObject({ name: "ServiceError", code: "internal" });
    expect(await reseal(10)).toEqual(tokens(10));
  },
);

test("a thread that never answers is ended, and the next batch has another one", async () => {
  const { reseal, thread } = open(brokenOnce(""), 500);
  await expect(reseal(10)).rejects.toMatchObject({ code: "internal" });
  await thread.end();
  expect(await open().reseal(10)).toEqual(tokens(10));
});

test("a thread that cannot start fails the batch", async () => {
  const { reseal } = open(pathToFileURL(join(temporaryFolder(), "missing.mjs")));
  await expect(reseal(1)).rejects.toMatchObject({ code: "internal" });
});

test("an end in the middle of a batch fails it at once, and whoever comes later has another thread", async () => {
  const { reseal, thread } = open();
  const failure = reseal(10).catch((error: unknown) => error);
  // The thread has it, and has not even begun to run.
  await nextTurn();
  await thread.end();
  expect(await failure).toMatchObject({ code: "internal" });
  expect(await reseal(10)).toEqual(tokens(10));
});

test("a thread that has nothing to do keeps no process alive", async () => {
  const entry = new URL("../../dist/keyring/reseal-thread.js", import.meta.url);
  const code = `import { createResealThread } from ${JSON.stringify(entry)};
    const job = { packed: new ArrayBuffer(0), keys: [{ version: 1, bytes: new Uint8Array(32) }] };
    const packed = await createResealThread().reseal(job);
    process.stdout.write(String(packed.byteLength));`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], { timeout: 10_000 });
  expect((await run).stdout).toBe("0");
});
