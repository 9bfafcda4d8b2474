import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OpenJournal } from "../../src/journal/journal.ts";
import { readJournals } from "../../src/journal/read-journals.ts";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { tokensFor, unreadableFor } from "./entries.ts";
import { createJournalStage } from "./journal-stage.ts";
import { machine, type Stage } from "./neighbours.ts";

function segmentsOf({ folder }: Stage, instanceId: string): number[] {
  if (!existsSync(folder(instanceId))) return [];
  const names = readdirSync(folder(instanceId)).filter((name) => name.endsWith(".log"));
  return names.map((name) => Number.parseInt(name, 10)).toSorted((a, b) => a - b);
}

/** Process 20, which appended one entry a day until today and then was killed. */
async function killed(stage: Stage, instanceId: string, days: number, settles = false): Promise<void> {
  const clock = createManualClock(stage.clock.now() - Math.max(0, days - 1) * DAY);
  const journal = await stage.open(instanceId, { clock, machine: { ...machine(), pid: 20 } });
  for (let day = 1; day <= days; day++) {
    await journal.append(tokensFor("con_1", day));
    if (settles) journal.settled(tokensFor("con_1", day));
    if (day < days) await clock.leap(DAY);
  }
  // Time stands still for it from here on.
  if (settles) await journal.close();
}

/** A start beside those, which has looked around once. */
async function start(stage: Stage, living: readonly number[] = []): Promise<OpenJournal> {
  const journal = await stage.open("ins_me", { machine: machine(living) });
  await stage.lookedAround();
  return journal;
}

async function markReplayed({ dataDir }: Stage): Promise<void> {
  const journals = await readJournals({ dataDir, from: "unsettled", machine: machine() });
  for (const journal of journals) await journal.markReplayed?.();
}

describe("one's own segments", () => {
  test("are deleted a week after the last entry that they can hold", async () => {
    const stage = createJournalStage();
    const journal = await start(stage);
    for (let day = 1; day <= 12; day++) {
      await journal.append(tokensFor("con_1", day));
      journal.settled(tokensFor("con_1", day));
      await stage.nextDay();
    }
    // Segment 13 was made just now and 5 eight days ago, so that its last entry is a week old.
    expect(segmentsOf(stage, "ins_me")).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });

  test("are kept for a month where something is not in the store, and so are those behind them", async () => {
    const stage = createJournalStage();
    const journal = await start(stage);
    await journal.append(tokensFor("con_1", 1));
    for (let day = 2; day <= 32; day++) {
      await stage.nextDay();
      await journal.append(tokensFor("con_2", day));
      journal.settled(tokensFor("con_2", day));
    }
    expect(segmentsOf(stage, "ins_me")[0]).toBe(1);
    await stage.nextDay();
    // 32 days and a bit: the entry is older than 30 days, and what was held back by it goes with it.
    expect(segmentsOf(stage, "ins_me")[0]).toBe(2);
    journal.settled(tokensFor("con_1", 1));
    await stage.nextDay();
    expect(segmentsOf(stage, "ins_me")[0]).toBe(26);
  });

  test("are kept while they are written, however old", async () => {
    const stage = createJournalStage();
    const journal = await start(stage);
    await stage.clock.leap(100 * DAY);
    await journal.append(tokensFor("con_1", 1));
    expect(segmentsOf(stage, "ins_me").at(-1)).toBe(2);
  });
});

describe("of an instance that was killed", () => {
  test("what is not in the store survives the start, however old, and a day later goes what is older than a month", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 3);
    await stage.clock.leap(40 * DAY);
    await start(stage);
    expect(segmentsOf(stage, "ins_1")).toEqual([1, 2, 3]);
    await stage.nextDay();
    expect(existsSync(stage.folder("ins_1"))).toBe(false);
  });

  test("what was brought to the store is kept for a week, and then the folder goes", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 3);
    await markReplayed(stage);
    await start(stage);
    for (const left of [
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]) {
      expect(segmentsOf(stage, "ins_1")).toEqual(left);
      await stage.nextDay();
    }
    expect(segmentsOf(stage, "ins_1")).toEqual([1, 2, 3]);
    await stage.nextDay();
    expect(segmentsOf(stage, "ins_1")).toEqual([2, 3]);
    await stage.nextDay();
    await stage.nextDay();
    expect(existsSync(stage.folder("ins_1"))).toBe(false);
  });

  test("old segments that its owner knew to be in the store go at the start", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 12, true);
    await start(stage);
    expect(segmentsOf(stage, "ins_1")).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
    await stage.nextDay();
    expect(segmentsOf(stage, "ins_1")).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("a folder without entries is kept for a day and an hour: it proves that its owner has ended", async () => {
    const stage = createJournalStage();
    const journal = await start(stage);
    await killed(stage, "ins_1", 0);
    await stage.clock.leap(HOUR);
    await stage.nextDay();
    expect(journal.isGone("ins_1")).toBe(true);
    await stage.nextDay();
    expect(existsSync(stage.folder("ins_1"))).toBe(false);
    expect(existsSync(stage.folder("ins_me"))).toBe(true);
  });

  test("a folder without a segment goes at once", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 0);
    rmSync(join(stage.folder("ins_1"), "000001.log"));
    await start(stage);
    expect(existsSync(stage.folder("ins_1"))).toBe(false);
  });

  test("a segment whose header is damaged is as old as its file", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 1);
    writeFileSync(join(stage.folder("ins_1"), "000001.log"), Buffer.alloc(100));
    await markReplayed(stage);
    await start(stage);
    await stage.nextDay();
    expect(segmentsOf(stage, "ins_1")).toEqual([1]);
  });
});

describe("of an instance that may live", () => {
  test("nothing is touched that it may be writing", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 0);
    await killed(stage, "ins_2", 3, true);
    await stage.clock.leap(20 * DAY);
    await start(stage, [20]);
    await stage.nextDay();
    expect([segmentsOf(stage, "ins_1"), segmentsOf(stage, "ins_2")]).toEqual([[1], [3]]);
  });

  test("everything goes after a month: a living one begins a segment every day", async () => {
    const stage = createJournalStage();
    await killed(stage, "ins_1", 3);
    await start(stage, [20]);
    for (let day = 1; day <= 31; day++) await stage.nextDay();
    expect(segmentsOf(stage, "ins_1")).toEqual([3]);
    await stage.nextDay();
    expect(existsSync(stage.folder("ins_1"))).toBe(false);
  });

  test("a folder without a segment is left alone: somebody may be starting", async () => {
    const stage = createJournalStage();
    mkdirSync(stage.folder("ins_1"), { recursive: true });
    await start(stage);
    await stage.nextDay();
    expect(existsSync(stage.folder("ins_1"))).toBe(true);
  });
});

test("what cannot be deleted keeps nothing else from being deleted", async () => {
  const stage = createJournalStage();
  const [stubborn, other] = ["ins_1", "ins_2"].map((id) => join(stage.folder(id), "000001.log"));
  await killed(stage, "ins_1", 1);
  await killed(stage, "ins_2", 0);
  await markReplayed(stage);
  for (const path of [stubborn, other]) rmSync(path ?? "");
  mkdirSync(join(stubborn ?? "", "full"), { recursive: true });
  utimesSync(stubborn ?? "", 0, 0);
  await start(stage);
  expect([existsSync(stage.folder("ins_1")), existsSync(stage.folder("ins_2"))]).toEqual([true, false]);
});

test("an unreadable answer is kept for a week", async () => {
  const stage = createJournalStage();
  const journal = await start(stage);
  await journal.append(unreadableFor("con_1", 1));
  for (let day = 1; day <= 7; day++) await stage.nextDay();
  expect(segmentsOf(stage, "ins_me")[0]).toBe(1);
  await stage.nextDay();
  await stage.nextDay();
  expect(segmentsOf(stage, "ins_me")[0]).toBe(9);
});
