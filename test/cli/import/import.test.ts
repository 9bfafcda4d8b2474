import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { EXIT } from "../../../src/cli/exit-codes.ts";
import { importConnections, type ImportOptions } from "../../../src/cli/import/import-connections.ts";
import { createOutput } from "../../../src/cli/terminal/output.ts";
import { openRaw } from "../../stage/raw-database.ts";
import { startRotatingProvider } from "../../stage/rotating-provider.ts";
import { openStage, type Stage } from "../../stage/stage.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";
import { evergrant } from "../evergrant.ts";
import { jsonLines } from "../json-lines.ts";
import { clientEnvironment } from "../stage-environment.ts";

/** `npm run prove:import` takes 10,000. */
const ALL = Number(process.env["CONNECTIONS"] ?? 100);
const BEFORE_INTERRUPT = ALL * 0.6;
/** What is under way when a run is interrupted is finished. */
const UNDER_WAY = 8;
const TOLD = 500;
/** Rows that are imported a second time without a report of the first. */
const AGAIN = 10;
/** On a machine that does much else. */
const PATIENCE = 60_000 + ALL * 200;

/** A file of ours with so many rows; none of its tokens is due. */
function manyRows(clientId: string): string {
  const path = join(temporaryFolder(), "many.jsonl");
  const rows = Array.from({ length: ALL }, (_none, index) => ({
    id: `theirs-${index + 1}`,
    client: clientId,
    refresh_token: `made-up-rt-${index + 1}`,
    access_token: `made-up-at-${index + 1}`,
    expires_at: "2100-01-01T00:00:00Z",
  }));
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
  return path;
}

/** How much the database holds of everything that an import could add to. */
function contentOf({ settings }: Stage): unknown[] {
  const database = openRaw(`${settings.dataDir}/evergrant.db`, { readonly: true });
  const count = (table: string): unknown => database.value(`select count(*) from ${table}`);
  const tables = ["connections", "token_sets", "refresh_leases", "history", "audit", "outbox", "spare_token_sets"];
  const counts = tables.map(count);
  database.close();
  return counts;
}

function importsAsked({ log }: Stage): number {
  return log.filter((line) => line.includes('"route":"/v1/connections/import"')).length;
}

/** Runs an import as the command does, and interrupts it after so many results. */
function interrupted(stage: Stage, from: string, after: number, options: Partial<ImportOptions> = {}) {
  const interrupt = new AbortController();
  let lines = 0;
  const stdout = { isTTY: false, write: () => (++lines === after && interrupt.abort(), true) };
  const output = createOutput({ stdout, stderr: { isTTY: false, write: () => true }, env: {} }, true);
  const deps = { output, input: process.stdin, environment: clientEnvironment(stage), exitWith: () => undefined };
  const all = { url: stage.settings.publicUrl, client: [], only: [], ...options };
  return importConnections(deps, { name: "file", from, options: all, signal: interrupt.signal });
}

const lineSchema = z.object({
  row: z.int(),
  source_id: z.string(),
  verdict: z.string(),
  connection: z.string().nullable(),
});

/** The rows among the lines of a report. */
function rowsIn(text: string): z.infer<typeof lineSchema>[] {
  const whole = text.split("\n").filter((line) => line.endsWith("}"));
  return jsonLines(whole.join("\n")).flatMap((line) => lineSchema.safeParse(line).data ?? []);
}

test(
  `${ALL} rows: a dry run changes nothing, an import that is interrupted goes on where it was, and the report has all`,
  async () => {
    const stage = await openStage();
    const from = manyRows(stage.clientId);
    const report = join(temporaryFolder(), "report.jsonl");
    const environment = clientEnvironment(stage);
    const before = contentOf(stage);

    const dry = await evergrant(["import", "file", from, "--dry-run"], environment);
    expect([dry.code, dry.stdout]).toEqual([EXIT.ok, `${ALL} rows: ${ALL} importable\n`]);
    expect(contentOf(stage)).toEqual(before);

    const cut = interrupted(stage, from, BEFORE_INTERRUPT, { report });
    await expect(cut).rejects.toMatchObject({ facts: { code: "interrupted", next: "Go on with --resume." } });
    const done = rowsIn(readFileSync(report, "utf8")).length;
    expect(done).toBeGreaterThanOrEqual(BEFORE_INTERRUPT);
    expect(done).toBeLessThan(BEFORE_INTERRUPT + 2 * UNDER_WAY);
    // As a run leaves it that was killed while it wrote.
    writeFileSync(report, '{"row":1,"source_id":"th', { flag: "a" });

    const asked = importsAsked(stage);
    const rest = await evergrant(["import", "file", from, "--report", report, "--resume"], environment);
    expect([rest.code, rest.stdout]).toEqual([EXIT.ok, `${ALL - done} rows: ${ALL - done} imported\n`]);
    expect(importsAsked(stage) - asked).toBe(ALL - done);
    expect(rest.stderr.includes("500 rows: 500 imported")).toBe(ALL - done >= TOLD);

    expect(statSync(report).mode & 0o777).toBe(0o600);
    const text = readFileSync(report, "utf8");
    expect(text).not.toContain("made-up");
    const rows = rowsIn(text).filter(({ verdict }) => verdict === "imported");
    expect(new Set(rows.map(({ connection }) => connection)).size).toBe(ALL);
    expect(rows.map(({ row }) => row).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: ALL }, (_none, index) => index + 1),
    );
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 0 });
    expect(contentOf(stage).slice(0, 4)).toEqual([ALL, ALL, ALL, ALL]);

    writeFileSync(from, readFileSync(from, "utf8").split("\n").slice(0, AGAIN).join("\n"));
    const again = await evergrant(["import", "file", from, "--report", `${report}.again`], environment);
    expect(again.stdout).toBe(`${AGAIN} rows: ${AGAIN} known\n`);
  },
  PATIENCE,
);

test("each row has a verdict of its own, and none stops the others", async () => {
  const stage = await openStage();
  const path = join(temporaryFolder(), "rows.jsonl");
  const row = { client: "theirs", refresh_token: "made-up-1", access_token: "made-up", expires_at: "2100-01-01" };
  const oauthClientId = { client: undefined, oauth_client_id: "evergrant" };
  const rows = [
    { ...row, id: "good" },
    { ...row, id: "no-client", client: "elsewhere", refresh_token: "made-up-2" },
    { ...row, id: "nobody's", client: undefined, refresh_token: "made-up-2" },
    { ...row, id: "other-client", oauth_client_id: "another", refresh_token: "made-up-3" },
    { ...row, id: "no-refresh-token", refresh_token: " " },
    { ...row, id: "expired", refresh_token: "made-up-4", refresh_expires_at: "2020-01-01T00:00:00Z" },
    { ...row, id: "duplicate" },
    { ...row, id: "malformed", refresh_token: "made-up-5", expires_at: "soon" },
    { ...row, id: "failed", refresh_token: "made-up-\u0007" },
    { ...row, id: "by-client-id", refresh_token: "made-up-6", ...oauthClientId },
    { ...row, id: "left-out", client: "left-out", refresh_token: "made-up-7" },
  ];
  writeFileSync(path, rows.map((each) => JSON.stringify(each)).join("\n"));
  const report = join(temporaryFolder(), "report.jsonl");
  const environment = clientEnvironment(stage);
  const mapped = ["import", "file", path, "--client", `theirs=${stage.clientId}`];
  const dry = await evergrant([...mapped, "--dry-run", "--json"], environment);
  const judged = Object.fromEntries(rowsIn(dry.stdout).map((line) => [line.source_id, line.verdict]));
  expect(judged).toEqual({
    good: "importable",
    "no-client": "no_client",
    "nobody's": "no_client",
    "other-client": "other_client",
    "no-refresh-token": "no_refresh_token",
    expired: "expired",
    duplicate: "duplicate",
    malformed: "malformed",
    failed: "failed",
    "by-client-id": "importable",
    "left-out": "no_client",
  });
  const all = await evergrant([...mapped, "--report", report], environment);
  expect(all.code).toBe(EXIT.failed);
  expect(all.stdout).toMatch(/^11 rows: 2 imported, 3 no_client, 1 other_client, .* 1 failed$/m);
  expect(all.stdout).toContain('2  no-client  no_client: No --client says which of our clients "elsewhere" is.');
  expect(all.stdout + all.stderr + readFileSync(report, "utf8")).not.toContain("made-up");
  const only = ["--only", "left-out", "--client", `left-out=${stage.clientId}`, "--resume", "--report", report];
  const rest = await evergrant(["import", "file", path, ...only], environment);
  expect([rest.code, rest.stdout]).toEqual([EXIT.ok, "1 rows: 1 imported\n"]);
});

test("with --verify what the provider refuses is not adopted, and the others are proven", async () => {
  const provider = await startRotatingProvider();
  const stage = await openStage({ provider: () => provider.entry });
  const path = join(temporaryFolder(), "rows.csv");
  writeFileSync(path, `id,client,refresh_token\na,${stage.clientId},dead\nb,${stage.clientId},${provider.issue()}\n`);
  const report = join(temporaryFolder(), "report.jsonl");
  const args = ["import", "file", path, "--verify", "--per-second", "1000", "--report", report];
  const verified = await evergrant(args, clientEnvironment(stage));
  expect(verified.code).toBe(EXIT.failed);
  expect(verified.stdout).toMatch(/^1 {2}a {2}refused: The provider refuses this refresh token \(invalid_grant/m);
  const listed = await stage.api("GET", "/v1/connections");
  expect(listed.body).toMatchObject({ connections: [{ status: "active", last_proven_at: expect.any(String) }] });
});

test("what the other system has is compared with what was imported, without a refresh", async () => {
  const stage = await openStage();
  const path = join(temporaryFolder(), "rows.csv");
  const write = (second: string): void =>
    writeFileSync(path, `id,client,refresh_token\na,${stage.clientId},made-up-1\nb,${stage.clientId},${second}\n`);
  write("made-up-2");
  const report = join(temporaryFolder(), "report.jsonl");
  const environment = clientEnvironment(stage);
  await evergrant(["import", "file", path, "--report", report], environment);
  const check = ["import", "file", path, "--report", report, "--check-source"];
  expect((await evergrant(check, environment)).stdout).toBe("2 rows: 2 unchanged\n");
  write("made-up-3");
  const changed = await evergrant(check, environment);
  expect(changed.code).toBe(EXIT.failed);
  expect(changed.stdout).toMatch(
    /^2 {2}b {2}changed: The other system has another refresh token .* it still refreshes/m,
  );
  expect(changed.stdout).toMatch(/^2 rows: 1 unchanged, 1 changed$/m);
});

test("what cannot be used is refused before anything is asked or written", async () => {
  const stage = await openStage();
  const environment = clientEnvironment(stage);
  const from = join(temporaryFolder(), "rows.csv");
  writeFileSync(from, `client,refresh_token\n${stage.clientId},made-up\n`);
  const report = join(temporaryFolder(), "report.jsonl");
  const run = (...args: string[]) => evergrant(["import", "file", from, "--report", report, ...args], environment);
  expect((await run("--client", "google")).stderr).toContain("A --client is not usable.");
  expect((await run("--client", "google=cli_none")).stderr).toContain("There is no client cli_none.");
  expect((await run("--dry-run", "--verify")).stderr).toContain("cannot be used with");
  expect((await run("--check-source")).stderr).toContain("cannot be read");
  expect((await run()).code).toBe(EXIT.ok);
  expect((await run()).stderr).toContain("exists already");
  const other = ["import", "n8n", from, "--report", report, "--resume"];
  expect((await evergrant(other, environment)).stderr).toContain("is the report of an import from file");
  expect((await evergrant(["import", "file", from, "--report", from, "--resume"], environment)).stderr).toContain(
    "is not the report of an import",
  );
  const gone = { ...environment, EVERGRANT_API_KEY: "eg_key_none" };
  expect((await evergrant(["import", "file", from], gone)).code).toBe(EXIT.unauthorized);
});
