import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/connection/journal.ts";
import { decodeHeader } from "../../src/journal/segment-format.ts";
import { DAY } from "../../src/runtime/clock.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { largeTokensFor, tokensFor } from "./entries.ts";
import { contentOf, createJournalStage } from "./journal-stage.ts";

const LIMIT = 8 * 1024 * 1024;

function segmentsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".log"))
    .toSorted();
}

function headerOf(path: string) {
  return decodeHeader(readFileSync(path));
}

/** Comparing megabytes byte by byte takes long, and the generation tells which they are. */
function generations(entries: readonly { connectionId: string }[]): string[] {
  return entries.map(({ connectionId }) => connectionId);
}

function huge(generation: number): JournalEntry {
  return tokensFor(`con_${generation}`, generation, { sealedRefreshToken: Buffer.alloc(7_000_000) });
}

describe("a new segment begins", () => {
  test("before one would grow beyond 8 MiB", async () => {
    const { folder, open } = createJournalStage();
    const journal = await open();
    const entries = Array.from({ length: 8 }, (_, n) => largeTokensFor(`con_${n}`, n));
    for (const entry of entries) await journal.append(entry);
    expect(segmentsIn(folder("ins_1"))).toEqual(["000001.log", "000002.log"]);
    const { size } = statSync(join(folder("ins_1"), "000001.log"));
    expect(size).toBeLessThanOrEqual(LIMIT);
    expect(size).toBeGreaterThan(LIMIT - 1_400_000);
    const { entries: found, damage } = await contentOf(folder("ins_1"));
    expect({ found: generations(found), damage }).toEqual({ found: generations(entries), damage: [] });
  });

  test("for an entry that is larger than a segment, which is then alone in it", async () => {
    const { folder, open } = createJournalStage();
    const journal = await open();
    for (const entry of [huge(1), tokensFor("con_2", 2), huge(3)]) await journal.append(entry);
    expect(segmentsIn(folder("ins_1"))).toEqual(["000001.log", "000002.log", "000003.log"]);
    expect(generations((await contentOf(folder("ins_1"))).entries)).toEqual(["con_1", "con_2", "con_3"]);
  });

  test("after a day, with the first entry of the next", async () => {
    const { clock, folder, open } = createJournalStage();
    const journal = await open();
    await journal.append(tokensFor("con_1", 1));
    await clock.leap(DAY - 1);
    await journal.append(tokensFor("con_2", 2));
    expect(segmentsIn(folder("ins_1"))).toHaveLength(1);
    await clock.leap(1);
    await journal.append(tokensFor("con_3", 3));
    expect(segmentsIn(folder("ins_1"))).toHaveLength(2);
    expect(await contentOf(folder("ins_1"), { segment: 2, offset: 0 })).toMatchObject({
      entries: [tokensFor("con_3", 3)],
    });
  });

  test("also when the clock was set back by more than a day", async () => {
    const stage = createJournalStage();
    let shift = 0;
    const clock = { ...stage.clock, now: () => stage.clock.now() + shift };
    const journal = await stage.open("ins_1", { clock });
    shift = -DAY;
    await journal.append(tokensFor("con_1", 1));
    expect(segmentsIn(stage.folder("ins_1"))).toHaveLength(2);
  });

  test("every day in a journal that gets no entries, so that its last one is never old", async () => {
    const { clock, folder, nextDay, open } = createJournalStage();
    await open();
    for (const days of [1, 2, 3]) {
      await nextDay();
      const last = segmentsIn(folder("ins_1")).at(-1);
      expect(last).toBe(`00000${days + 1}.log`);
      expect(headerOf(join(folder("ins_1"), last ?? ""))).toMatchObject({ madeAt: clock.now() });
    }
  });
});

describe("a segment's header", () => {
  test("says when it was made, and what was on disk of the one before", async () => {
    const { clock, folder, open } = createJournalStage();
    const start = clock.now();
    const journal = await open();
    await journal.append(tokensFor("con_1", 1));
    const { size } = statSync(join(folder("ins_1"), "000001.log"));
    await clock.leap(DAY);
    await journal.append(tokensFor("con_2", 2));
    const headers = segmentsIn(folder("ins_1")).map((name) => headerOf(join(folder("ins_1"), name)));
    expect(headers).toEqual([
      { number: 1, madeAt: start, previous: { number: 0, end: 0 } },
      { number: 2, madeAt: start + DAY, previous: { number: 1, end: size } },
    ]);
  });
});

describe("a segment that begins", () => {
  test("finds room on the disk, gives it back, and is on disk with its name", async () => {
    const { disk, folder, open } = createJournalStage();
    await open();
    const first = disk.log.indexOf("open 000001.log");
    expect(disk.log.slice(first)).toEqual([
      "open 000001.log",
      "write 000001.log",
      "datasync 000001.log",
      "truncate 000001.log",
      "datasync 000001.log",
      "open ins_1",
      "sync ins_1",
      "close ins_1",
    ]);
    expect(statSync(join(folder("ins_1"), "000001.log")).size).toBe(28);
  });

  test("is on disk with its name before an entry in it is acknowledged", async () => {
    const { clock, dataDir, disk, open } = createJournalStage();
    const journal = await open();
    await clock.leap(DAY);
    await journal.append(tokensFor("con_1", 1));
    const after = temporaryFolder();
    disk.cutPower(dataDir, after);
    expect((await contentOf(join(after, "journal", "ins_1"))).entries).toEqual([tokensFor("con_1", 1)]);
  });

  test("closes the one before", async () => {
    const { clock, disk, open } = createJournalStage();
    const journal = await open();
    await clock.leap(DAY);
    await journal.append(tokensFor("con_1", 1));
    expect(disk.log).toContain("close 000001.log");
  });

  test("fails the entry when it cannot be made", async () => {
    const { clock, disk, open } = createJournalStage();
    const journal = await open();
    await clock.leap(DAY);
    disk.fail("sync", "EIO");
    await expect(journal.append(tokensFor("con_1", 1))).rejects.toThrow(/EIO/);
    expect(journal.isWritable()).toBe(false);
  });
});
