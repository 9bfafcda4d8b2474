import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Journaled } from "../../src/connection/journal.ts";
import type { OpenJournal } from "../../src/journal/journal.ts";
import { createGate } from "../stage/gate.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { tokensFor } from "./entries.ts";
import { contentOf, createJournalStage, RETRY, someTurns } from "./journal-stage.ts";

type Stage = ReturnType<typeof createJournalStage>;

async function recover({ disk, retry }: Stage, journal: OpenJournal): Promise<void> {
  disk.heal();
  expect(await retry(journal)).toBe(true);
}

describe("when the disk does not take an entry", () => {
  test.each([
    ["write", "ENOSPC", /disk is full: free some space/],
    ["write", "EDQUOT", /quota/],
    ["write", "EROFS", /can only be read/],
    ["write", "EIO", /\(EIO\)\. Check its disk/],
    ["datasync", "EIO", /\(EIO\)\. Check its disk/],
    ["datasync", "ENOSPC", /disk is full/],
  ] as const)("%s fails with %s: append says so, and what to look at", async (operation, code, sentence) => {
    const stage = createJournalStage();
    const journal = await stage.open();
    stage.disk.fail(operation, code);
    const failure = {
      name: "ServiceError",
      code: "journal_unavailable",
      message: expect.stringMatching(sentence),
      cause: { code },
    };
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toMatchObject(failure);
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toMatchObject({ facts: { retryAfterMs: RETRY } });
    expect(journal.isWritable()).toBe(false);
    expect(journal.newest("con_1")).toEqual(tokensFor("con_1", 2));
  });

  test("all that wait are refused with it, and nothing more is tried", async () => {
    const { disk, open, observer } = createJournalStage();
    const journal = await open();
    const gate = createGate();
    disk.holdAt(gate);
    const appended = [1, 2, 3].map((n) => journal.append(tokensFor(`con_${n}`, n)));
    await someTurns();
    disk.fail("write", "EIO");
    gate.open();
    const results = await Promise.allSettled(appended);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    const done = disk.log.length;
    await expect(journal.append(tokensFor("con_4", 4))).rejects.toThrow(/EIO/);
    expect(disk.log).toHaveLength(done);
    expect(observer.of("journal.failed")).toEqual([{ code: "EIO" }]);
  });

  test("it tries every five seconds, says once that it failed and once that it recovered", async () => {
    const stage = createJournalStage();
    const { disk, observer, open, folder } = stage;
    const journal = await open();
    await journal.append(tokensFor("con_1", 2));
    await stage.clock.leap(1_000);
    disk.fail("write", "ENOSPC");
    await journal.append(tokensFor("con_2", 2)).catch(() => undefined);
    for (let attempt = 0; attempt < 3; attempt++) expect(await stage.retry(journal)).toBe(false);
    await recover(stage, journal);
    await journal.append(tokensFor("con_2", 2));
    expect(observer.events.map(({ name }) => name)).toEqual(["journal.failed", "journal.recovered"]);
    expect(observer.of("journal.recovered")).toEqual([{ durationMs: 4 * RETRY }]);
    const both = { entries: [tokensFor("con_1", 2), tokensFor("con_2", 2)], damage: [] };
    expect(await contentOf(folder("ins_1"))).toEqual(both);
    expect(readdirSync(folder("ins_1")).toSorted()).toEqual(["000001.log", "000005.log", "owner.json"]);
  });

  test("it does not try earlier", async () => {
    const { clock, disk, open } = createJournalStage();
    const journal = await open();
    disk.fail("write", "ENOSPC");
    await journal.append(tokensFor("con_2", 2)).catch(() => undefined);
    const done = disk.log.length;
    await clock.advance(RETRY - 1);
    expect(disk.log).toHaveLength(done);
    expect(journal.isWritable()).toBe(false);
  });

  test("the sentence is about what is wrong by now", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    stage.disk.fail("write", "EROFS");
    await journal.append(tokensFor("con_1", 2)).catch(() => undefined);
    stage.disk.fail("write", "ENOSPC");
    expect(await stage.retry(journal)).toBe(false);
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toThrow(/ENOSPC/);
  });

  test("it fails again when the disk does", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    for (let round = 1; round <= 3; round++) {
      stage.disk.fail("datasync", "EIO");
      await expect(journal.append(tokensFor("con_1", round))).rejects.toThrow(/EIO/);
      await recover(stage, journal);
    }
    expect(stage.observer.of("journal.failed")).toHaveLength(3);
    expect(stage.observer.of("journal.recovered")).toHaveLength(3);
  });

  test("close does not wait for a disk that stays broken", async () => {
    const { disk, open, observer } = createJournalStage();
    const journal = await open();
    disk.fail("write", "EIO");
    await journal.append(tokensFor("con_1", 2)).catch(() => undefined);
    await journal.close();
    expect(journal.isWritable()).toBe(false);
    expect(observer.of("journal.recovered")).toEqual([]);
  });
});

describe("a segment after a failure", () => {
  test.each(["write", "datasync"] as const)("is never touched again: %s", async (operation) => {
    const stage = createJournalStage();
    const journal = await stage.open();
    stage.disk.fail(operation, "EIO");
    await journal.append(tokensFor("con_1", 2)).catch(() => undefined);
    const done = stage.disk.log.length;
    await recover(stage, journal);
    await journal.append(tokensFor("con_1", 3));
    const later = stage.disk.log.slice(done).filter((line) => line.endsWith("000001.log"));
    expect(later).toEqual([]);
  });

  test("may end with a half-written record, which nobody takes for damage", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(tokensFor("con_1", 2));
    stage.disk.limit(100);
    await expect(journal.append(tokensFor("con_2", 2))).rejects.toThrow(/ENOSPC/);
    expect(await contentOf(stage.folder("ins_1"))).toEqual({ entries: [tokensFor("con_1", 2)], damage: [] });
    await recover(stage, journal);
    await journal.append(tokensFor("con_3", 2));
    const whole = { entries: [tokensFor("con_1", 2), tokensFor("con_3", 2)], damage: [] };
    expect(await contentOf(stage.folder("ins_1"))).toEqual(whole);
  });

  test("still gives out a record that was written whole and not acknowledged: it was received all the same", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    stage.disk.fail("datasync", "EIO");
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toThrow(/EIO/);
    await recover(stage, journal);
    const whole = { entries: [tokensFor("con_1", 2)], damage: [] };
    expect(await contentOf(stage.folder("ins_1"))).toEqual(whole);
  });
});

describe("a disk that is nearly full", () => {
  test("counts as full until there is room for more than a header", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    stage.disk.limit(0);
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toThrow(/ENOSPC/);
    stage.disk.limit(10_000);
    expect(await stage.retry(journal)).toBe(false);
    expect(readdirSync(stage.folder("ins_1")).toSorted()).toEqual(["000001.log", "owner.json"]);
    await recover(stage, journal);
  });

  test("that writes short writes all of it", async () => {
    const { disk, folder, open } = createJournalStage();
    const journal = await open("ins_1", {
      open: async (path, flags, mode) => {
        const file = await disk.open(path, flags, mode);
        return {
          ...file,
          write: (bytes, offset, length, position) => file.write(bytes, offset, Math.min(length, 7), position),
        };
      },
    });
    await Promise.all([1, 2, 3].map((n) => journal.append(tokensFor(`con_${n}`, n))));
    expect((await contentOf(folder("ins_1"))).entries).toHaveLength(3);
  });

  test("that takes nothing and gives no reason has failed too", async () => {
    const { disk, open } = createJournalStage();
    let full = false;
    const journal = await open("ins_1", {
      open: async (path, flags, mode) => {
        const file = await disk.open(path, flags, mode);
        return { ...file, write: (...args) => (full ? Promise.resolve({ bytesWritten: 0 }) : file.write(...args)) };
      },
    });
    full = true;
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toMatchObject({ code: "journal_unavailable" });
  });
});

describe("a journal is not opened", () => {
  test.each([
    ["open", "EACCES", /permissions/],
    ["write", "ENOSPC", /full/],
    ["datasync", "EIO", /EIO/],
    ["truncate", "EIO", /EIO/],
    ["sync", "EIO", /EIO/],
  ] as const)("where %s fails with %s", async (operation, code, sentence) => {
    const { disk, open } = createJournalStage();
    disk.fail(operation, code);
    const failure = { code: "journal_unavailable", message: expect.stringMatching(sentence) };
    await expect(open()).rejects.toMatchObject(failure);
  });

  test("under a path that is a file", async () => {
    const { folder, open } = createJournalStage();
    await open("ins_1");
    const dataDir = join(folder("ins_1"), "000001.log");
    await expect(open("ins_2", { dataDir })).rejects.toThrow(/A part of this path is a file/);
  });
});

test.each(["EINVAL", "ENOTSUP", "EPERM"])("a file system that cannot sync folders (%s) will do", async (code) => {
  const { disk, folder, open } = createJournalStage();
  disk.fail("sync", code);
  const journal = await open();
  await journal.append(tokensFor("con_1", 2));
  expect((await contentOf(folder("ins_1"))).entries).toEqual([tokensFor("con_1", 2)]);
});

test("nothing that was acknowledged is lost, wherever the disk fails and whenever the power goes", async () => {
  const fault = fc.constantFrom(
    "write",
    "datasync",
    "truncate",
    "sync",
    "open",
    "close",
    "limit",
    null,
    null,
    null,
    null,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 12 }), async (faults) => {
      const stage = createJournalStage();
      const { dataDir, disk } = stage;
      const journal = await stage.open();
      const acknowledged: Journaled[] = [];
      for (const [n, operation] of faults.entries()) {
        disk.heal();
        if (operation === "limit") disk.limit(n * 100);
        else if (operation !== null) disk.fail(operation, "EIO");
        const batch = [1, 2, 3].map((m) => tokensFor(`con_${m}`, n));
        const append = async (entry: Journaled): Promise<void> => {
          await journal.append(entry);
          acknowledged.push(entry);
        };
        await Promise.allSettled(batch.map(append));
        if (!journal.isWritable()) await stage.retry(journal);
        const after = temporaryFolder();
        disk.cutPower(dataDir, after);
        const { entries, damage } = await contentOf(join(after, "journal", "ins_1"));
        expect(entries).toEqual(expect.arrayContaining(acknowledged));
        expect(damage).toEqual([]);
        expect((await contentOf(stage.folder("ins_1"))).damage).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
});
