import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant, startEvergrant, type Environment } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

/** Prints what it was started with, and exits with 3. */
const TELL = "console.log(JSON.stringify({ args: process.argv.slice(1), env: process.env })); process.exitCode = 3";

it("gives a command the token and not the key, and exits as it does", async () => {
  const stage = await openStage();
  const [one, two] = [await stage.connect("alice"), await stage.connect("bob")];
  const environment = { ...clientEnvironment(stage), EVERGRANT_ROOT_KEY_FILE: "/root.key", HOME: "/home/ada" };
  const [plain, named] = await Promise.all([
    evergrant(["exec", one.connectionId, "--", process.execPath, "-e", TELL, "--", "--json", "-x"], environment),
    evergrant(
      [
        "exec",
        one.connectionId,
        "--env",
        "ONE",
        "--env",
        `TWO=${two.connectionId}`,
        "--",
        process.execPath,
        "-e",
        TELL,
      ],
      environment,
    ),
  ]);
  const [first, second] = await Promise.all([stage.token(one.connectionId), stage.token(two.connectionId)]);
  expect([plain.code, plain.stderr, named.code, named.stderr]).toEqual([3, "", 3, ""]);
  const HOME = "/home/ada";
  expect(JSON.parse(plain.stdout)).toEqual({
    args: ["--json", "-x"],
    env: { EVERGRANT_ACCESS_TOKEN: first.at("access_token"), HOME },
  });
  expect(JSON.parse(named.stdout)).toEqual({
    args: [],
    env: { ONE: first.at("access_token"), TWO: second.at("access_token"), HOME },
  });
});

it("passes signals on, and exits with 128 and the number of the one that ended the command", async () => {
  const { run } = await scene();
  const wait = "setInterval(() => {}, 1000); console.log('ready');";
  const handling = `process.on('SIGHUP', () => process.exit(7)); process.on('SIGINT', () => process.exit(8)); ${wait}`;
  const endings: [script: string, signal: NodeJS.Signals, code: number][] = [
    [wait, "SIGTERM", 128 + 15],
    [handling, "SIGHUP", 7],
    [handling, "SIGINT", 8],
  ];
  const codes = endings.map(async ([script, signal]) => {
    const running = run("--", process.execPath, "-e", script);
    await running.printed(/ready/);
    running.signal(signal);
    return (await running.ended).code;
  });
  expect(await Promise.all(codes)).toEqual(endings.map(([, , code]) => code));
});

it("exits with 127 where there is no such command, and with 126 where it cannot be run", async () => {
  const { run } = await scene();
  const file = join(temporaryFolder(), "notes.txt");
  writeFileSync(file, "nothing to run", { mode: 0o600 });
  const [missing, wrong] = await Promise.all([
    run("--", "no-such-command-canary").ended,
    run("--json", "--", file).ended,
  ]);
  expect(missing).toEqual({ code: 127, stdout: "", stderr: "There is no command no-such-command-canary.\n" });
  expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 126, stdout: "" });
  expect(JSON.parse(wrong.stderr)).toEqual({
    error: { code: "not_executable", detail: `${file} cannot be run (EACCES).` },
  });
});

it("runs nothing without a token", async () => {
  const { stage, connectionId, run } = await scene();
  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(2 * HOUR);
  const { code, stdout, stderr } = await run("--", "echo", "ran").ended;
  expect({ code, stdout }).toEqual({ code: EXIT.reauthorization_required, stdout: "" });
  expect(stderr).toContain(`/reauthorize/${connectionId}.`);
});

it.each([
  ["a variable with another character", ["exec", "con_1", "--env", "A-B", "--", "true"], "NAME=con_..."],
  ["a variable that is named twice", ["exec", "con_1", "--env", "A", "--env", "A=con_2", "--", "true"], "named twice"],
  ["no command", ["exec", "con_1"], "command"],
  ["an option of the command that no -- stands before", ["exec", "con_1", "ls", "-l"], "-l"],
])("exits with 2 for %s", async (_name, args, text) => {
  const { code, stdout, stderr } = await evergrant(args);
  expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: "" });
  expect(stderr).toContain(text);
});

async function scene() {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const environment: Environment = { ...clientEnvironment(stage), PATH: process.env["PATH"] ?? "" };
  const run = (...args: string[]) => startEvergrant(["exec", connectionId, ...args], environment);
  return { stage, connectionId, run };
}
