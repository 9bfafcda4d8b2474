import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { thisMachine } from "../../src/journal/owner.ts";
import { tokensFor, unreadableFor } from "../journal/entries.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant } from "./evergrant.ts";

/** A data directory in which instance `ins_1` of this process left three entries, one of them settled. */
async function withJournal(): Promise<string> {
  const dataDir = temporaryFolder();
  const clock = createManualClock();
  const journal = await openJournal({ dataDir, instanceId: "ins_1", clock, observer: createCollectingObserver() });
  const first = tokensFor("con_1", 1_000);
  for (const entry of [first, unreadableFor("con_2", 2_000), tokensFor("con_3", 3_000)]) await journal.append(entry);
  journal.settled(first);
  await journal.close();
  return dataDir;
}

function damage(dataDir: string): void {
  const path = join(dataDir, "journal", "ins_1", "000001.log");
  const bytes = readFileSync(path);
  bytes[100] = 0;
  writeFileSync(path, bytes);
}

function verify(dataDir: string, ...args: string[]) {
  return evergrant(["journal", "verify", ...args], { EVERGRANT_DATA_DIR: dataDir });
}

describe("evergrant journal verify", () => {
  it("says what every instance's journal holds, and changes nothing", async () => {
    const dataDir = await withJournal();
    const before = readdirSync(join(dataDir, "journal", "ins_1"));
    const { code, stdout, stderr } = await verify(dataDir);
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    const [header, row, ...rest] = stdout.trimEnd().split("\n");
    expect(header).toMatch(/^INSTANCE +PROCESS +ENTRIES +UNSETTLED +UNREADABLE ANSWERS +FROM +TO$/);
    expect(row?.split(/ {2,}/)).toEqual([
      "ins_1",
      "may be running",
      "3",
      "1",
      "1",
      "1970-01-01T00:00:01.000Z",
      "1970-01-01T00:00:03.000Z",
    ]);
    expect(rest).toEqual([]);
    expect(readdirSync(join(dataDir, "journal", "ins_1"))).toEqual(before);
  });

  it("says where damage is, and exits with 1", async () => {
    const dataDir = await withJournal();
    damage(dataDir);
    const { code, stdout } = await verify(dataDir);
    expect(code).toBe(EXIT.failed);
    expect(stdout).toMatch(/^ins_1 +may be running +2 /m);
    expect(stdout).toMatch(/^✗ ins_1\/000001\.log is damaged at byte 28$/m);
  });

  it("prints one document with --json", async () => {
    const dataDir = await withJournal();
    const journal = {
      instance: "ins_1",
      owner: "unknown",
      entries: 3,
      unsettled: 1,
      unreadable_answers: 1,
      first_received_at: "1970-01-01T00:00:01.000Z",
      last_received_at: "1970-01-01T00:00:03.000Z",
      damage: [],
    };
    expect(JSON.parse((await verify(dataDir, "--json")).stdout)).toEqual({ ok: true, journals: [journal] });
    damage(dataDir);
    const { code, stdout } = await verify(dataDir, "--json");
    expect(code).toBe(EXIT.failed);
    const found = [{ file: "000001.log", offset: 28, problem: "damaged" }];
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, journals: [{ entries: 2, damage: found }] });
  });

  it("knows an instance that ended, and one without entries", async () => {
    const dataDir = temporaryFolder();
    const machine = { ...thisMachine, pid: 2 ** 30 };
    const deps = { dataDir, clock: createManualClock(), observer: createCollectingObserver(), machine };
    await (await openJournal({ ...deps, instanceId: "ins_1" })).close();
    const { stdout } = await verify(dataDir);
    expect(stdout).toMatch(/^ins_1 +ended +0 +0 +0 +- +-$/m);
  });

  it("says that there is none before the first start, and makes none", async () => {
    const dataDir = temporaryFolder();
    const { code, stdout } = await verify(dataDir);
    expect({ code, stdout }).toEqual({ code: EXIT.ok, stdout: `There is no journal in ${dataDir} yet.\n` });
    expect(JSON.parse((await verify(dataDir, "--json")).stdout)).toEqual({ ok: true, journals: [] });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("says what to do about one that cannot be read", async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, "journal"), "");
    const { code, stderr } = await verify(dataDir);
    expect(code).toBe(EXIT.failed);
    expect(stderr).toBe(
      `The journal in ${dataDir} cannot be read (ENOTDIR).\nRun this as the user that the service runs as.\n`,
    );
    expect((await verify(dataDir, "--json")).stderr).toContain('"code":"journal_unreadable"');
  });

  it("takes the settings as the service does", async () => {
    const { code, stderr } = await evergrant(["journal", "verify"], { EVERGRANT_DATADIR: "/nowhere" });
    expect(code).toBe(EXIT.settings);
    expect(stderr).toContain("EVERGRANT_DATADIR is not a setting");
  });
});

describe("evergrant journal", () => {
  it.each(["journal", "journal verify"])("%s has a help of its own, with an example", async (command) => {
    const { code, stdout } = await evergrant([...command.split(" "), "--help"]);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain(`Usage: evergrant ${command}`);
    expect(stdout).toMatch(/\nExample:\n {2}.*evergrant /);
  });
});
