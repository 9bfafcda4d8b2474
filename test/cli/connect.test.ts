import { createScriptedUser } from "@evergrant/sandbox";
import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant, startEvergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

it("prints an address, waits for the user, and says which account was connected", async () => {
  const stage = await openStage();
  const { command, url } = await begin(stage, "--client", stage.clientId, "--end-user", "ada");
  await createScriptedUser({ user: "alice" }).visit(url);
  const { code, stdout } = await command.ended;
  expect(code).toBe(EXIT.ok);
  expect(stdout).toMatch(/^Connected: con_\w{26} \(.*alice.*, sandbox\)$/m);
  const [listed] = jsonLines((await evergrant(["connections", "list", "--json"], clientEnvironment(stage))).stdout);
  expect(listed).toMatchObject({ end_user: "ada", status: "active" });
});

it("asks for every --scope", async () => {
  const stage = await openStage({ client: { scopes: [] } });
  const { command, url } = await begin(
    stage,
    "--client",
    stage.clientId,
    "--scope",
    "files.read",
    "--scope=files.write",
  );
  await createScriptedUser({ user: "alice" }).visit(url);
  expect((await command.ended).code).toBe(EXIT.ok);
  const [listed] = jsonLines((await evergrant(["connections", "list", "--json"], clientEnvironment(stage))).stdout);
  expect(listed).toMatchObject({ requested_scopes: expect.arrayContaining(["files.read", "files.write"]) });
});

it("prints the session, then the outcome with --json", async () => {
  const stage = await openStage();
  const { command, url } = await begin(stage, "--client", stage.clientId, "--json");
  await createScriptedUser({ user: "alice" }).visit(url);
  const { code, stdout, stderr } = await command.ended;
  expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
  expect(jsonLines(stdout)).toEqual([
    expect.objectContaining({ id: expect.stringMatching(/^cs_/), connect_url: url }),
    expect.objectContaining({
      status: "completed",
      problem: null,
      connection: expect.objectContaining({ id: expect.stringMatching(/^con_/) }),
    }),
  ]);
});

it("reconnects a connection, keeping its id", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.sandbox.control.revokeUser("alice");
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  const { command, url } = await begin(stage, "--connection", connectionId);
  await createScriptedUser({ user: "alice" }).visit(url);
  const { code, stdout } = await command.ended;
  expect(code).toBe(EXIT.ok);
  expect(stdout).toContain(`Connected: ${connectionId}`);
});

it("exits with 1 for a connection without refresh token, and says what was missing", async () => {
  const stage = await openStage({ client: { settings: { offline_access: false } } });
  const { command, url } = await begin(stage, "--client", stage.clientId);
  await createScriptedUser({ user: "alice" }).visit(url);
  const { code, stdout } = await command.ended;
  expect(code).toBe(EXIT.failed);
  expect(stdout).toMatch(/^Connected, with a problem: con_/m);
  expect(stdout).toMatch(/^Missing from the authorization request: .*offline_access/m);
  expect(stdout).toMatch(/evergrant connect --connection con_/);
});

it("exits with 1 when the user does not allow it", async () => {
  const stage = await openStage();
  const { command, url } = await begin(stage, "--client", stage.clientId);
  await createScriptedUser({ user: "alice", decision: "deny" }).visit(url);
  const { code, stdout } = await command.ended;
  expect(code).toBe(EXIT.failed);
  expect(stdout).toContain("Not connected: Access was not allowed at the provider.");
});

it("exits with 1 when the address expires", async () => {
  const stage = await openStage();
  const { command } = await begin(stage, "--client", stage.clientId);
  await stage.clock.advance(11 * MINUTE);
  const { code, stdout } = await command.ended;
  expect(code).toBe(EXIT.failed);
  expect(stdout).toContain("Not connected: Nobody came back before the address expired.");
});

it("ends cleanly with Ctrl-C", async () => {
  const stage = await openStage();
  const { command } = await begin(stage, "--client", stage.clientId);
  command.signal("SIGINT");
  const { code, stderr } = await command.ended;
  expect(code).toBe(EXIT.failed);
  expect(stderr).toContain("Nobody has come back yet.");
  expect(stderr).toContain("The address stays good");
});

it("exits with 2 when nothing is named, and with 9 for an unknown client", async () => {
  const stage = await openStage();
  expect((await evergrant(["connect"], clientEnvironment(stage))).code).toBe(EXIT.usage);
  const unknown = await evergrant(["connect", "--client", "cli_unknown"], clientEnvironment(stage));
  expect(unknown.code).toBe(EXIT.not_found);
  expect(unknown.stderr).toContain("There is no such client.");
});

async function begin(stage: Stage, ...args: string[]) {
  const command = startEvergrant(["connect", ...args], clientEnvironment(stage));
  const [url] = await command.printed(/http:[^\s"]+\/connect\/[^\s"]+(?=[\s"])/);
  return { command, url };
}
