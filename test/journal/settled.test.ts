import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/connection/journal.ts";
import type { OpenJournal } from "../../src/journal/journal.ts";
import { readJournals } from "../../src/journal/read-journals.ts";
import { DAY } from "../../src/runtime/clock.ts";
import { tokensFor, unreadableFor } from "./entries.ts";
import { createJournalStage, MACHINE, PATIENTLY, someTurns } from "./journal-stage.ts";

const LAZINESS = 5_000;

type Stage = ReturnType<typeof createJournalStage>;

/** What a start would bring to the store. */
async function unsettledIn({ dataDir }: Stage): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const journal of await readJournals({ dataDir, from: "unsettled", machine: MACHINE })) {
    for await (const item of journal.items()) found.push(item.kind === "entry" ? item.entry : item);
  }
  return found;
}

async function appended(journal: OpenJournal, entries: readonly JournalEntry[]): Promise<void> {
  for (const entry of entries) await journal.append(entry);
}

const [ONE, TWO, THREE] = [tokensFor("con_1", 1), tokensFor("con_2", 2), tokensFor("con_3", 3)] as const;

describe("what is settled", () => {
  test("is noted lazily, and not read by the next start", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await appended(journal, [ONE, TWO, THREE]);
    journal.settled(ONE);
    journal.settled(TWO);
    expect(stage.slept(LAZINESS)).toBe(1);
    await stage.clock.advance(LAZINESS - 1);
    expect(await unsettledIn(stage)).toEqual([ONE, TWO, THREE]);
    await stage.clock.advance(1);
    await expect.poll(() => unsettledIn(stage), PATIENTLY).toEqual([THREE]);
    await stage.clock.advance(10 * LAZINESS);
    expect(stage.slept(LAZINESS)).toBe(1);
  });

  test("is noted again and again", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await appended(journal, [ONE, TWO, THREE]);
    for (const [n, entry] of [ONE, TWO, THREE].entries()) {
      journal.settled(entry);
      await expect.poll(() => stage.slept(LAZINESS), PATIENTLY).toBe(n + 1);
      await stage.clock.advance(LAZINESS);
      await expect.poll(() => unsettledIn(stage), PATIENTLY).toEqual([ONE, TWO, THREE].slice(n + 1));
      await someTurns();
    }
  });

  test("is noted at close, at once", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await appended(journal, [ONE, TWO]);
    journal.settled(ONE);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([TWO]);
  });

  test("is told apart from what was written together with it", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await Promise.all([ONE, TWO, THREE].map((entry) => journal.append(entry)));
    journal.settled(ONE);
    journal.settled(TWO);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([THREE]);
  });

  test("waits for what was appended before it", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await appended(journal, [ONE, TWO, THREE]);
    journal.settled(THREE);
    journal.settled(TWO);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([ONE, TWO, THREE]);
  });

  test("may be another object that says the same", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(ONE);
    journal.settled(structuredClone(ONE));
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([]);
  });

  test.each([
    ["connection", tokensFor("con_9", 1)],
    ["generation", { ...ONE, tokens: { ...ONE.tokens, generation: 9 } }],
    ["time", { ...ONE, receivedAt: 9 }],
  ])("is not an entry of another %s", async (_name, other) => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(ONE);
    journal.settled(other);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([ONE]);
  });

  test("may have been appended twice, and is settled with both", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await appended(journal, [ONE, TWO, ONE]);
    journal.settled(TWO);
    await stage.clock.advance(LAZINESS);
    expect(await unsettledIn(stage)).toEqual([ONE, TWO, ONE]);
    journal.settled(ONE);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([]);
  });

  test("never runs ahead of an entry that is being appended", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(ONE);
    const [late] = [journal.append(TWO)];
    journal.settled(ONE);
    await Promise.all([late, stage.clock.advance(LAZINESS)]);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([TWO]);
  });

  test("does not wait for unreadable answers, which nobody can settle", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(unreadableFor("con_1", 1));
    await journal.append(TWO);
    journal.settled(TWO);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([]);
  });

  test("goes on over the segments", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(ONE);
    await stage.clock.leap(DAY);
    await appended(journal, [TWO, THREE]);
    journal.settled(ONE);
    journal.settled(TWO);
    await journal.close();
    expect(await unsettledIn(stage)).toEqual([THREE]);
  });
});

describe("the checkpoint", () => {
  test("is written once for many, and only when it has moved", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    const path = join(stage.folder("ins_1"), "settled.json");
    await appended(journal, [ONE, TWO]);
    journal.settled(TWO);
    await stage.clock.advance(LAZINESS);
    await expect.poll(() => existsSync(path), PATIENTLY).toBe(true);
    const before = readFileSync(path, "utf8");
    expect(JSON.parse(before)).toEqual({ segment: 1, offset: 28 });
    journal.settled(ONE);
    await journal.close();
    expect(JSON.parse(readFileSync(path, "utf8"))).not.toEqual(JSON.parse(before));
  });

  test("is tried again when it could not be written", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    const path = join(stage.folder("ins_1"), "settled.json");
    mkdirSync(`${path}.next`);
    await journal.append(ONE);
    journal.settled(ONE);
    await stage.clock.advance(LAZINESS);
    expect(existsSync(path)).toBe(false);
    expect(journal.isWritable()).toBe(true);
    rmdirSync(`${path}.next`);
    await expect
      .poll(async () => {
        await stage.clock.advance(LAZINESS);
        return existsSync(path);
      }, PATIENTLY)
      .toBe(true);
  });

  test.each(["", "{", "null", '{"segment":-1,"offset":0}', '{"segment":1}', '{"segment":"2","offset":0}'])(
    "that is %j counts as none: everything is read",
    async (text) => {
      const stage = createJournalStage();
      const journal = await stage.open();
      await journal.append(ONE);
      journal.settled(ONE);
      await journal.close();
      writeFileSync(join(stage.folder("ins_1"), "settled.json"), text);
      expect(await unsettledIn(stage)).toEqual([ONE]);
    },
  );

  test("is not written for a journal that never held anything", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.close();
    expect(readdirSync(stage.folder("ins_1")).toSorted()).toEqual(["000001.log", "owner.json"]);
  });

  test("does nothing after close", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    await journal.append(ONE);
    await journal.close();
    journal.settled(ONE);
    await stage.clock.advance(LAZINESS);
    expect(await unsettledIn(stage)).toEqual([ONE]);
  });
});
