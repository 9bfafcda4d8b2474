import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createGate } from "../stage/gate.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { tokensFor, unreadableFor } from "./entries.ts";
import { contentOf, createJournalStage, isSettled, PATIENTLY } from "./journal-stage.ts";

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}

describe("a journal that is opened", () => {
  test("has a folder of its own, for its owner only", async () => {
    const { dataDir, folder, open } = createJournalStage();
    await open("ins_1");
    expect([join(dataDir, "journal"), folder("ins_1")].map(modeOf)).toEqual(["700", "700"]);
    const files = readdirSync(folder("ins_1")).toSorted();
    expect(files).toEqual(["000001.log", "owner.json"]);
    expect(files.map((name) => modeOf(join(folder("ins_1"), name)))).toEqual(["600", "600"]);
  });

  test("says whose it is, and since when", async () => {
    const { clock, folder, open } = createJournalStage();
    await open("ins_1");
    const owner: unknown = JSON.parse(readFileSync(join(folder("ins_1"), "owner.json"), "utf8"));
    expect(owner).toEqual({ pid: 1, host: "here", startedAt: clock.now() });
  });

  test("survives a power cut as soon as it is open", async () => {
    const { dataDir, disk, open } = createJournalStage();
    await open("ins_1");
    const after = temporaryFolder();
    disk.cutPower(dataDir, after);
    expect(readdirSync(join(after, "journal", "ins_1"))).toEqual(["000001.log"]);
  });

  test("never writes into a folder that is there already", async () => {
    const { folder, open } = createJournalStage();
    const first = await open("ins_1");
    await first.append(tokensFor("con_1", 2));
    const failure = { code: "journal_unavailable", message: expect.stringContaining("belongs to another instance") };
    await expect(open("ins_1")).rejects.toMatchObject(failure);
    expect(await contentOf(folder("ins_1"))).toEqual({ entries: [tokensFor("con_1", 2)], damage: [] });
  });

  test.each(["", "..", "../elsewhere", "a/b", "a\0b", "x".repeat(101)])(
    "has no folder named %j",
    async (instanceId) => {
      const { dataDir, open } = createJournalStage();
      await expect(open(instanceId)).rejects.toMatchObject({ code: "journal_unavailable" });
      expect(readdirSync(dataDir)).toEqual([]);
    },
  );
});

test("a folder is not left open once it is synced", async () => {
  const { disk, open } = createJournalStage();
  await open("ins_1");
  const count = (operation: string): number => disk.log.filter((line) => line.startsWith(operation)).length;
  // All but the segment that is being written.
  expect(count("close")).toBe(count("open") - 1);
});

describe("append", () => {
  test("resolves when the disk has the entry, and not before", async () => {
    const { disk, folder, open } = createJournalStage();
    const journal = await open();
    const gate = createGate();
    disk.holdAt(gate);
    const appended = journal.append(tokensFor("con_1", 2));
    const reached = ["write 000001.log", "datasync 000001.log"];
    await expect.poll(() => disk.log.slice(-2), PATIENTLY).toEqual(reached);
    expect(await isSettled(appended)).toBe(false);
    gate.open();
    await appended;
    expect(await contentOf(folder("ins_1"))).toEqual({ entries: [tokensFor("con_1", 2)], damage: [] });
  });

  test("has written what survives a power cut", async () => {
    const { dataDir, disk, open } = createJournalStage();
    const journal = await open();
    for (const generation of range(5)) {
      await journal.append(tokensFor("con_1", generation));
      const after = temporaryFolder();
      disk.cutPower(dataDir, after);
      const { entries, damage } = await contentOf(join(after, "journal", "ins_1"));
      expect(entries).toEqual(range(generation).map((each) => tokensFor("con_1", each)));
      expect(damage).toEqual([]);
    }
  });

  test("keeps the order of the calls, and every kind of entry", async () => {
    const { folder, open } = createJournalStage();
    const journal = await open();
    const entries = range(20).map((n) => (n % 3 === 0 ? unreadableFor(`con_${n}`, n) : tokensFor(`con_${n}`, n)));
    await Promise.all(entries.map((entry) => journal.append(entry)));
    expect(await contentOf(folder("ins_1"))).toEqual({ entries, damage: [] });
  });

  test("writes together what arrives during a write", async () => {
    const { disk, folder, open } = createJournalStage();
    const journal = await open();
    const before = disk.log.length;
    const entries = range(100).map((n) => tokensFor(`con_${n}`, n));
    await Promise.all(entries.map((entry) => journal.append(entry)));
    const [first, rest] = [1, 2].map(() => ["write 000001.log", "datasync 000001.log"]);
    expect(disk.log.slice(before)).toEqual([...(first ?? []), ...(rest ?? [])]);
    expect((await contentOf(folder("ins_1"))).entries).toEqual(entries);
  });

  test("that arrives during a sync is not covered by that sync", async () => {
    const { disk, open } = createJournalStage();
    const journal = await open();
    const [first, second] = [createGate(), createGate()];
    disk.holdAt(first);
    const early = journal.append(tokensFor("con_1", 2));
    await expect.poll(() => disk.log.at(-1), PATIENTLY).toBe("datasync 000001.log");
    const late = journal.append(tokensFor("con_2", 2));
    disk.holdAt(second);
    first.open();
    await early;
    expect(await isSettled(late)).toBe(false);
    second.open();
    await late;
  });

  test("writes no more than a megabyte at once, but for a larger entry", async () => {
    const { disk, folder, open } = createJournalStage();
    const journal = await open();
    const before = disk.log.length;
    const sizes = [1, 300_000, 300_000, 300_000, 1_000_000];
    const entries = sizes.map((size, n) => tokensFor(`con_${n}`, n, { sealedRefreshToken: Buffer.alloc(size, n) }));
    await Promise.all(entries.map((entry) => journal.append(entry)));
    const writes = disk.log.slice(before).filter((line) => line.startsWith("write"));
    // One alone because nothing else is there yet, two, one because the next is too large to go along, and that one.
    expect(writes).toHaveLength(4);
    const { entries: found } = await contentOf(folder("ins_1"));
    expect(found.map(({ connectionId }) => connectionId)).toEqual(["con_0", "con_1", "con_2", "con_3", "con_4"]);
  });

  test("holds nothing open: what is sealed stays as it is, in base64", async () => {
    const { folder, open } = createJournalStage();
    const journal = await open();
    const sealedRefreshToken = Buffer.from("EGR1 some sealed bytes");
    await journal.append(tokensFor("con_1", 2, { sealedRefreshToken }));
    const text = readFileSync(join(folder("ins_1"), "000001.log"), "latin1");
    expect(text).toContain(sealedRefreshToken.toString("base64"));
    expect(text).not.toContain("EGR1 some sealed bytes");
  });
});

describe("close", () => {
  test("waits for what is being appended", async () => {
    const { disk, folder, open } = createJournalStage();
    const journal = await open();
    const gate = createGate();
    disk.holdAt(gate);
    const appended = Promise.all([journal.append(tokensFor("con_1", 2)), journal.append(tokensFor("con_2", 2))]);
    const closed = journal.close();
    expect(await isSettled(closed)).toBe(false);
    gate.open();
    await Promise.all([appended, closed]);
    expect((await contentOf(folder("ins_1"))).entries).toEqual([tokensFor("con_1", 2), tokensFor("con_2", 2)]);
    expect(disk.log.at(-1)).toBe("close 000001.log");
  });

  test("is the end of appending", async () => {
    const { folder, open } = createJournalStage();
    const journal = await open();
    await journal.close();
    expect(journal.isWritable()).toBe(false);
    await expect(journal.append(tokensFor("con_1", 2))).rejects.toMatchObject({ code: "journal_unavailable" });
    expect(await contentOf(folder("ins_1"))).toEqual({ entries: [], damage: [] });
  });

  test("may be called again, and leaves nothing that waits", async () => {
    const { clock, open, folder } = createJournalStage();
    const journal = await open();
    await journal.append(tokensFor("con_1", 2));
    await Promise.all([journal.close(), journal.close()]);
    const before = readdirSync(folder("ins_1"));
    await clock.advance(10 * 24 * 3_600_000);
    expect(readdirSync(folder("ins_1"))).toEqual(before);
  });
});

describe("what was appended lately", () => {
  test("is known by connection, the latest of each", async () => {
    const { open } = createJournalStage();
    const journal = await open();
    const later = tokensFor("con_1", 3);
    for (const entry of [tokensFor("con_1", 2), later, tokensFor("con_2", 9)]) await journal.append(entry);
    expect(journal.newest("con_1")).toBe(later);
    expect(journal.newest("con_3")).toBeNull();
  });

  test("is listed from a time on", async () => {
    const { open } = createJournalStage();
    const journal = await open();
    for (const generation of [2, 3, 4]) await journal.append(tokensFor(`con_${generation}`, generation));
    expect(await journal.since(3)).toEqual([tokensFor("con_3", 3), tokensFor("con_4", 4)]);
    expect(await journal.since(5)).toEqual([]);
  });

  test("is known before the disk has it", async () => {
    const { disk, open } = createJournalStage();
    const journal = await open();
    disk.holdAt(createGate());
    void journal.append(tokensFor("con_1", 2));
    expect(journal.newest("con_1")).toEqual(tokensFor("con_1", 2));
  });

  test("is still known once it is settled", async () => {
    const { open } = createJournalStage();
    const journal = await open();
    const entry = tokensFor("con_1", 2);
    await journal.append(entry);
    journal.settled(entry);
    expect(journal.newest("con_1")).toBe(entry);
  });

  test("does not count unreadable answers", async () => {
    const { open } = createJournalStage();
    const journal = await open();
    await journal.append(unreadableFor("con_1", 2));
    expect(journal.newest("con_1")).toBeNull();
  });

  test("forgets the connection that had nothing for longest", async () => {
    const { open } = createJournalStage();
    const journal = await open("ins_1", { remembered: 2 });
    for (const entry of [tokensFor("con_1", 2), tokensFor("con_2", 2), tokensFor("con_1", 3), tokensFor("con_3", 2)]) {
      await journal.append(entry);
    }
    expect(journal.newest("con_1")).toEqual(tokensFor("con_1", 3));
    expect(journal.newest("con_3")).toEqual(tokensFor("con_3", 2));
    expect(journal.newest("con_2")).toBeNull();
  });
});
