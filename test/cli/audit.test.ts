import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ACTS } from "../../src/access/audit.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { serviceEnvironment } from "./stage-environment.ts";

const SCRIPT = fileURLToPath(new URL("../../docs/verify-audit.mjs", import.meta.url));
const PAGE = readFileSync(new URL("../../docs/audit.md", import.meta.url), "utf8");

function audit(stage: Stage, ...args: string[]) {
  return evergrant(["audit", ...args], serviceEnvironment(stage));
}

/** Changes the log as the owner of the database can. */
function tamper({ settings }: Stage, text: string): void {
  const database = openRaw(`${settings.dataDir}/evergrant.db`);
  for (const table of ["audit", "audit_checkpoints"]) {
    for (const change of ["update", "delete"]) database.exec(`drop trigger if exists ${table}_no_${change}`);
  }
  database.exec(text);
  database.close();
}

function independent(text: string) {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT], { input: text, encoding: "utf8" });
  return { status, stdout };
}

describe("audit verify", () => {
  it("says that the log is as it was written, while the service runs", async () => {
    const stage = await openStage();
    const { code, stdout, stderr } = await audit(stage, "verify");
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    expect(stdout).toMatch(/^✓ default {2}\d acts, 0 checkpoints\n$/);
    const json = JSON.parse((await audit(stage, "verify", "--json")).stdout);
    expect(json).toMatchObject({ ok: true, chains: [{ tenant: "default", first_bad_seq: null, problem: null }] });
  });

  it("exits with 1 and says which act is the first that was changed", async () => {
    const stage = await openStage();
    tamper(stage, "update audit set actor_id = 'key_somebody' where seq = 3");
    const { code, stdout } = await audit(stage, "verify");
    expect([code, stdout]).toEqual([EXIT.failed, expect.stringContaining("act 3 was changed")]);
    const json = JSON.parse((await audit(stage, "verify", "--json")).stdout);
    expect(json).toMatchObject({ ok: false, chains: [{ first_bad_seq: 3, problem: "changed", signed_up_to: 0 }] });
    expect((await audit(stage, "verify", "--tenant", "ten_other")).code).toBe(EXIT.ok);
  });

  it("needs the root key, and makes no database", async () => {
    const stage = await openStage();
    const empty = temporaryFolder();
    const other = await evergrant(["keys", "generate", "root"]);
    const wrong = { ...serviceEnvironment(stage), EVERGRANT_ROOT_KEY: other.stdout.trim() };
    expect((await evergrant(["audit", "verify"], wrong)).code).toBe(EXIT.key);
    expect((await evergrant(["audit", "verify"], { EVERGRANT_DATA_DIR: empty })).code).toBe(EXIT.database);
    expect(existsSync(`${empty}/evergrant.db`)).toBe(false);
  });
});

describe("audit export", () => {
  it("prints lines that a script without Evergrant verifies", async () => {
    const stage = await openStage();
    const { code, stdout } = await audit(stage, "export");
    expect(code).toBe(EXIT.ok);
    const lines = jsonLines(stdout);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines[0]).toMatchObject({ seq: 1, act: "api_key.created", tenant: "default" });
    const verified = independent(stdout);
    expect(verified.status).toBe(0);
    expect(verified.stdout).toMatch(new RegExp(`^default: ends with ${lines.length}, [0-9a-f]{64}\n$`));
    const rest = await audit(stage, "export", "--after", "2", "--tenant", "default");
    expect(jsonLines(rest.stdout)).toEqual(lines.slice(2));
    expect(independent(rest.stdout).status).toBe(0);
  });

  it.each([
    ["a change", (lines: string[]) => lines.map((line, index) => (index === 1 ? line.replace("key_", "kex_") : line))],
    ["a removed line", (lines: string[]) => lines.toSpliced(1, 1)],
    ["two lines that changed places", ([a = "", b = "", c = "", ...rest]: string[]) => [a, c, b, ...rest]],
    ["a line that is there twice", ([a = "", b = "", ...rest]: string[]) => [a, b, b, ...rest]],
  ])("of which that script notices %s", async (_name, change) => {
    const stage = await openStage();
    const lines = (await audit(stage, "export")).stdout.trimEnd().split("\n");
    const found = independent(`${change(lines).join("\n")}\n`);
    expect(found.status).toBe(1);
    expect(found.stdout).toMatch(/^default: [23] is /);
  });
});

it.each([
  ["a restore", ["--mark"], "database.restored"],
  ["a clone", ["--mark", "--as-clone", "--yes"], "database.cloned"],
])("%s is written down, behind what is in the copy", async (_name, options, act) => {
  const stage = await openStage();
  await stage.service.close();
  const there = temporaryFolder();
  for (const file of ["evergrant.db", "root.key"])
    copyFileSync(`${stage.settings.dataDir}/${file}`, `${there}/${file}`);
  const environment = { ...serviceEnvironment(stage), EVERGRANT_DATA_DIR: there };
  const before = jsonLines((await evergrant(["audit", "export"], environment)).stdout);
  const marked = await evergrant(["restore", ...options], environment);
  expect([marked.stderr, marked.code]).toEqual(["", EXIT.ok]);
  const after = jsonLines((await evergrant(["audit", "export"], environment)).stdout);
  expect(after.slice(0, -1)).toEqual(before);
  expect(after.at(-1)).toMatchObject({ act, actor: { kind: "system", id: null }, object: null });
  expect((await evergrant(["audit", "verify"], environment)).code).toBe(EXIT.ok);
});

describe("docs/audit.md", () => {
  it("explains every act, and no other", () => {
    const explained = [...PAGE.matchAll(/^\| `(\w+\.\w+)` /gm)].map(([, act]) => act);
    expect(explained).toEqual([...ACTS]);
  });

  it("has a script of few lines", () => {
    const lines = readFileSync(SCRIPT, "utf8").split("\n");
    expect(lines.length).toBeLessThan(36);
  });
});
