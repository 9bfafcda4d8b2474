import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeEntry } from "../../src/journal/entry-encoding.ts";
import { thisMachine, type Machine } from "../../src/journal/owner.ts";
import { encodeRecord } from "../../src/journal/segment-format.ts";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
import { tokensFor, unreadableFor } from "./entries.ts";
import { createJournalStage } from "./journal-stage.ts";
import { leave, machine } from "./neighbours.ts";

describe("looking into the journals of others", () => {
  test("finds the token sets of the connection, oldest first", async () => {
    const stage = createJournalStage();
    const mine = [tokensFor("con_1", 2), tokensFor("con_1", 3)];
    await leave(stage, "ins_1", [tokensFor("con_2", 7), ...mine, unreadableFor("con_1", 4), tokensFor("con_11", 2)]);
    const journal = await stage.open("ins_2", { machine: machine() });
    expect(await journal.ofOthers("con_1")).toEqual(mine);
    expect(await journal.ofOthers("con_3")).toEqual([]);
  });

  test("finds them in all segments that may hold what is not in the store", async () => {
    const stage = createJournalStage();
    const other = await stage.open("ins_1");
    const entries = [2, 3, 4].map((generation) => tokensFor("con_1", generation));
    for (const [n, entry] of entries.entries()) {
      if (n > 0) await stage.clock.leap(DAY);
      await other.append(entry);
    }
    const journal = await stage.open("ins_2", { machine: machine() });
    expect(await journal.ofOthers("con_1")).toEqual(entries);
    for (const entry of entries.slice(0, 2)) other.settled(entry);
    await other.close();
    expect(await journal.ofOthers("con_1")).toEqual(entries.slice(2));
  });

  test("finds nothing by the id of another connection in it", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 2, { scope: ["con_2"] })]);
    const journal = await stage.open("ins_2", { machine: machine() });
    expect(await journal.ofOthers("con_2")).toEqual([]);
  });

  test("reads on behind damage", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 2), tokensFor("con_1", 3)]);
    const path = join(stage.folder("ins_1"), "000001.log");
    const bytes = readFileSync(path);
    bytes[60] = 0;
    writeFileSync(path, bytes);
    const journal = await stage.open("ins_2", { machine: machine() });
    expect(await journal.ofOthers("con_1")).toEqual([tokensFor("con_1", 3)]);
  });

  test("stops at a record that is being written", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 2), tokensFor("con_1", 3)]);
    const path = join(stage.folder("ins_1"), "000001.log");
    truncateSync(path, readFileSync(path).length - 1);
    const journal = await stage.open("ins_2", { machine: machine([20]) });
    expect(await journal.ofOthers("con_1")).toEqual([tokensFor("con_1", 2)]);
  });

  test("finds them in all that there are, but for one's own", async () => {
    const stage = createJournalStage();
    for (const n of [1, 2]) await leave(stage, `ins_${n}`, [tokensFor("con_1", n)]);
    const journal = await stage.open("ins_3", { machine: machine() });
    await journal.append(tokensFor("con_1", 3));
    expect(await journal.ofOthers("con_1")).toEqual([tokensFor("con_1", 1), tokensFor("con_1", 2)]);
    expect(journal.isGone("ins_3")).toBe(false);
  });

  test("does not come back to one whose owner has ended and of which everything is in the store", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 1)]);
    const journal = await stage.open("ins_2", { machine: machine() });
    expect(await journal.ofOthers("con_1")).toHaveLength(1);
    const settled = join(stage.folder("ins_1"), "settled.json");
    writeFileSync(settled, '{"segment":2,"offset":0}');
    expect(await journal.ofOthers("con_1")).toEqual([]);
    rmSync(settled);
    expect(await journal.ofOthers("con_1")).toEqual([]);
  });

  test("leaves out what is none, or cannot be read", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 1)]);
    const journal = await stage.open("ins_2", { machine: machine() });
    mkdirSync(stage.folder("ins_3"));
    writeFileSync(stage.folder("ins_4"), "");
    mkdirSync(join(stage.folder("ins_3"), "000001.log"));
    expect(await journal.ofOthers("con_1")).toEqual([tokensFor("con_1", 1)]);
  });
});

describe("what was received since a time", () => {
  test("is read from all journals, one's own among them, the latest of each connection", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 5), tokensFor("con_2", 6), tokensFor("con_3", 2)]);
    await leave(stage, "ins_2", [tokensFor("con_1", 4), unreadableFor("con_9", 9)], 30);
    const journal = await stage.open("ins_3", { machine: machine([30]) });
    for (const entry of [tokensFor("con_2", 7), tokensFor("con_4", 8)]) await journal.append(entry);
    expect(await journal.since(4)).toEqual([tokensFor("con_1", 5), tokensFor("con_2", 7), tokensFor("con_4", 8)]);
    expect(await journal.since(8)).toEqual([tokensFor("con_4", 8)]);
    expect(await journal.since(9)).toEqual([]);
  });

  test("is the last of several that were to become the same generation", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    const later = tokensFor("con_1", 5, { tokenType: "DPoP" });
    for (const entry of [tokensFor("con_1", 5), later]) await journal.append(entry);
    expect(await journal.since(5)).toEqual([later]);
  });

  test("is what was received then, not what became a later generation", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    const [early, late] = [3, 4].map((generation) => ({
      ...tokensFor("con_1", generation),
      receivedAt: 7 - generation,
    }));
    for (const entry of [early, late]) if (entry) await journal.append(entry);
    expect(await journal.since(4)).toEqual([early]);
    expect(await journal.since(3)).toEqual([late]);
  });

  test("does not open segments that were completed more than an hour before", async () => {
    const stage = createJournalStage();
    const journal = await stage.open();
    const received = (generation: number) => ({ ...tokensFor("con_1", generation), receivedAt: stage.clock.now() });
    await journal.append(received(1));
    await stage.clock.leap(DAY);
    await journal.append(received(2));
    const second = stage.clock.now();
    // Received later than the segment was completed, as when the clock is set back: it tells whether the segment is opened.
    const path = join(stage.folder("ins_1"), "000001.log");
    const late = encodeRecord(encodeEntry({ ...tokensFor("con_2", 1), receivedAt: second + DAY }));
    writeFileSync(path, Buffer.concat([readFileSync(path), late]));
    const found = async (time: number) => (await journal.since(time)).map(({ connectionId }) => connectionId);
    expect(await found(second + HOUR)).toEqual(["con_2"]);
    expect(await found(second + HOUR + 1)).toEqual([]);
    expect(await found(second)).toEqual(["con_2", "con_1"]);
  });
});

test.skipIf(process.platform !== "linux")(
  "nothing that was read is left open (counted where /proc lists it)",
  async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [tokensFor("con_1", 1)]);
    const journal = await stage.open("ins_2", { machine: machine() });
    await journal.append(tokensFor("con_1", 2));
    await stage.lookedAround();
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 20; round++) {
      await stage.clock.leap(DAY);
      await journal.append(tokensFor("con_1", 2));
      journal.settled(tokensFor("con_1", 2));
      await journal.since(0);
      await journal.ofOthers("con_1");
    }
    expect(readdirSync("/proc/self/fd").length - before).toBeLessThan(10);
  },
);

describe("an owner is gone", () => {
  const cases: [string, Machine, boolean][] = [
    ["when it ran here and has ended", machine(), true],
    ["not while a process of its id lives: it, or another one", machine([20]), false],
    ["when its process id is ours now", machine([20], { pid: 20 }), true],
    ["not when it ran elsewhere", machine([], { host: "there" }), false],
    ["not when it ran elsewhere under our process id", machine([], { host: "there", pid: 20 }), false],
  ];

  test.each(cases)("%s", async (_name, here, expected) => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", []);
    const journal = await stage.open("ins_2", { machine: here });
    expect(journal.isGone("ins_1")).toBe(expected);
  });

  test.each([
    ["missing", null],
    ["empty", ""],
    ["no JSON", "{"],
    ["without a process", '{"host":"here","startedAt":0}'],
    ["of process 0, which is every process", '{"pid":0,"host":"here","startedAt":0}'],
    ["of a negative process, which is a group", '{"pid":-1,"host":"here","startedAt":0}'],
  ])("not when owner.json is %s", async (_name, text) => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", []);
    const path = join(stage.folder("ins_1"), "owner.json");
    if (text === null) rmSync(path);
    else writeFileSync(path, text);
    const journal = await stage.open("ins_2", { machine: machine() });
    expect(journal.isGone("ins_1")).toBe(false);
  });

  test("not when there is no such folder", async () => {
    const journal = await createJournalStage().open("ins_2", { machine: machine() });
    expect(["ins_9", "..", ""].map((id) => journal.isGone(id))).toEqual([false, false, false]);
  });

  test("as this machine tells", async () => {
    const ended = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
    expect({ host: thisMachine.host, pid: thisMachine.pid }).toEqual({ host: hostname(), pid: process.pid });
    expect([process.pid, process.ppid, 1, ended].map((pid) => thisMachine.isAlive(pid))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
