import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readJournals, type JournalItem, type ReadJournals } from "../../src/journal/read-journals.ts";
import { DAY } from "../../src/runtime/clock.ts";
import { tokensFor, unreadableFor } from "./entries.ts";
import { createJournalStage } from "./journal-stage.ts";
import { leave, machine, type Stage } from "./neighbours.ts";

async function read({ dataDir }: Stage, change: Partial<ReadJournals> = {}) {
  const found: { instanceId: string; owner: string; items: JournalItem[] }[] = [];
  for (const journal of await readJournals({ dataDir, from: "unsettled", machine: machine(), ...change })) {
    const items: JournalItem[] = [];
    for await (const item of journal.items()) items.push(item);
    found.push({ instanceId: journal.instanceId, owner: journal.owner, items });
  }
  return found;
}

describe("reading the journals at a start", () => {
  const [ONE, TWO] = [tokensFor("con_1", 1), unreadableFor("con_2", 2)];

  test("gives out every other instance's entries, in the order in which they were written", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [ONE, TWO]);
    await leave(stage, "ins_2", [TWO], 30);
    await leave(stage, "ins_3", [ONE]);
    expect(await read(stage, { except: "ins_3", machine: machine([30]) })).toEqual([
      {
        instanceId: "ins_1",
        owner: "gone",
        items: [
          { kind: "entry", entry: ONE, settled: false },
          { kind: "entry", entry: TWO, settled: false },
        ],
      },
      { instanceId: "ins_2", owner: "unknown", items: [{ kind: "entry", entry: TWO, settled: false }] },
    ]);
  });

  test("leaves out what is settled, or says that it is", async () => {
    const stage = createJournalStage();
    const other = await stage.open("ins_1");
    const later = tokensFor("con_1", 2);
    await other.append(ONE);
    await other.append(later);
    if (ONE.kind === "tokens") other.settled(ONE);
    await other.close();
    const [rest] = [{ kind: "entry", entry: later, settled: false }];
    expect(await read(stage)).toMatchObject([{ items: [rest] }]);
    expect(await read(stage, { from: "everything" })).toMatchObject([
      { items: [{ kind: "entry", entry: ONE, settled: true }, rest] },
    ]);
  });

  test("reports damage", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [ONE, tokensFor("con_1", 2)]);
    const path = join(stage.folder("ins_1"), "000001.log");
    const bytes = readFileSync(path);
    bytes[60] = 0;
    writeFileSync(path, bytes);
    const damage = { kind: "damage", file: "000001.log", offset: 28, problem: "damaged" };
    expect(await read(stage)).toMatchObject([{ items: [damage, { entry: tokensFor("con_1", 2) }] }]);
  });

  test("finds nothing before the first start", async () => {
    expect(await read(createJournalStage())).toEqual([]);
  });

  test("goes through them by instance id, and through their segments by number", async () => {
    const stage = createJournalStage();
    const ids = ["ins_c", "ins_a", "ins_e", "ins_b", "ins_d", "ins_f"];
    for (const id of ids) await leave(stage, id, [ONE]);
    const other = await stage.open("ins_g", { machine: machine([], { pid: 20 }) });
    for (let day = 1; day <= 12; day++) {
      await other.append(tokensFor("con_1", day));
      await stage.clock.leap(DAY);
    }
    const found = await read(stage);
    expect(found.map(({ instanceId }) => instanceId)).toEqual([...ids.toSorted(), "ins_g"]);
    const generations = found.at(-1)?.items.map((item) => item.kind === "entry" && item.entry.receivedAt);
    expect(generations).toEqual(Array.from({ length: 12 }, (_, day) => day + 1));
  });

  test("takes no other folder or file for an instance's", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [ONE]);
    mkdirSync(join(stage.dataDir, "journal", "lost+found"));
    writeFileSync(join(stage.dataDir, "journal", "notes"), "");
    expect((await read(stage)).map(({ instanceId }) => instanceId)).toEqual(["ins_1"]);
  });

  test("skips what was replayed, once its owner is gone", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [ONE, TWO]);
    const [journal] = await readJournals({ dataDir: stage.dataDir, from: "unsettled", machine: machine() });
    await journal?.markReplayed?.();
    expect(await read(stage)).toMatchObject([{ items: [] }]);
    expect(await read(stage, { from: "everything" })).toMatchObject([
      { items: [{ settled: true }, { settled: true }] },
    ]);
  });

  test("cannot mark what somebody may still write to", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", [ONE]);
    const [journal] = await readJournals({ dataDir: stage.dataDir, from: "unsettled", machine: machine([20]) });
    expect(journal).toMatchObject({ owner: "unknown", markReplayed: null });
  });

  test("marks a folder without segments as nothing", async () => {
    const stage = createJournalStage();
    await leave(stage, "ins_1", []);
    rmSync(join(stage.folder("ins_1"), "000001.log"));
    const [journal] = await readJournals({ dataDir: stage.dataDir, from: "unsettled", machine: machine() });
    await journal?.markReplayed?.();
    expect(() => readFileSync(join(stage.folder("ins_1"), "settled.json"))).toThrow(/ENOENT/);
  });

  test("passes over a segment that is deleted meanwhile", async () => {
    const stage = createJournalStage();
    const other = await stage.open("ins_1");
    for (const generation of [1, 2, 3]) {
      await other.append(tokensFor("con_1", generation));
      await stage.clock.leap(DAY);
    }
    const [journal] = await readJournals({ dataDir: stage.dataDir, from: "everything", machine: machine() });
    const found: JournalItem[] = [];
    for await (const item of journal?.items() ?? []) {
      found.push(item);
      rmSync(join(stage.folder("ins_1"), "000002.log"), { force: true });
    }
    expect(found).toMatchObject([{ entry: tokensFor("con_1", 1) }, { entry: tokensFor("con_1", 3) }]);
  });
});
