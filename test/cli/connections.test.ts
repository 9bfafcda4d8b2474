import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { listen } from "../stage/page-server.ts";
import { clientEnvironment } from "./stage-environment.ts";

describe("connections list", () => {
  it("shows aligned rows with whole ids", async () => {
    const stage = await openStage();
    const alice = await stage.connect("alice");
    const bob = await stage.connect("bob");
    const { code, stdout, stderr } = await ask(stage, "list");
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    const [header = "", ...rows] = stdout.trimEnd().split("\n");
    const ids = rows.map((row) => row.slice(0, row.indexOf("  active  ")));
    expect(new Set(ids)).toEqual(new Set([alice.connectionId, bob.connectionId]));
    for (const row of rows) {
      expect(row.indexOf("active")).toBe(header.indexOf("STATUS"));
      expect(row.indexOf(stage.clientId)).toBe(header.indexOf("CLIENT"));
      expect(row.indexOf("sandbox")).toBe(header.indexOf("PROVIDER"));
    }
  });

  it("filters by status and client, and stops at the limit", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect("alice");
    await stage.connect("bob");
    await stage.api("DELETE", `/v1/connections/${connectionId}`);
    const over = jsonLines((await ask(stage, "list", "--status", "disconnected", "--json")).stdout);
    expect(over).toEqual([expect.objectContaining({ id: connectionId, status: "disconnected" })]);
    expect(jsonLines((await ask(stage, "list", "--client", stage.clientId, "--json")).stdout)).toHaveLength(2);
    expect(jsonLines((await ask(stage, "list", "--client", "cli_other", "--json")).stdout)).toEqual([]);
    expect(jsonLines((await ask(stage, "list", "--limit", "1", "--json")).stdout)).toHaveLength(1);
  });

  it("follows the pages", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { body } = await stage.api("GET", `/v1/connections/${connectionId}`);
    const queries: string[] = [];
    const port = await listen((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://service.invalid");
      queries.push(searchParams.toString());
      const next = searchParams.has("after") ? null : "con_1";
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ connections: [body, body], next_after: next }));
    });
    const environment = { ...clientEnvironment(stage), EVERGRANT_URL: `http://127.0.0.1:${port}` };
    const all = await evergrant(["connections", "list", "--json"], environment);
    expect(jsonLines(all.stdout)).toHaveLength(4);
    expect(queries).toEqual(["limit=200", "after=con_1&limit=200"]);
    const three = await evergrant(["connections", "list", "--limit", "3"], environment);
    expect(three.code).toBe(EXIT.ok);
    expect(queries.slice(2)).toEqual(["limit=3", "after=con_1&limit=1"]);
  });
});

describe("connections show", () => {
  it("shows whose the connection is and when it is next refreshed", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { code, stdout } = await ask(stage, "show", connectionId);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain(connectionId);
    expect(stdout).toMatch(/^end user +user-alice$/m);
    expect(stdout).toMatch(/^status +active, since /m);
    expect(stdout).toMatch(/^access token +expires in \d+ min$/m);
    expect(stdout).toMatch(/^next refresh +in \d+ min$/m);
  });

  it("says what is wrong and which command helps", async () => {
    const stage = await openStage();
    const connectionId = await brokenConnection(stage);
    const { stdout } = await ask(stage, "show", connectionId);
    expect(stdout).toMatch(/^why +The provider does not accept the refresh token/m);
    expect(stdout).toMatch(/^evidence +code=invalid_grant/m);
    expect(stdout).toContain(`evergrant connect --connection ${connectionId}`);
  });

  it("prints the API's document with --json", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { body } = await stage.api("GET", `/v1/connections/${connectionId}`);
    expect(JSON.parse((await ask(stage, "show", connectionId, "--json")).stdout)).toEqual(body);
  });

  it.each(["show", "history", "check"])("%s exits with 9 for an unknown id", async (command) => {
    const stage = await openStage();
    expect((await ask(stage, command, "con_../unknown")).code).toBe(EXIT.not_found);
  });
});

describe("connections history", () => {
  it("shows what happened, newest first", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
    const { code, stdout } = await ask(stage, "history", connectionId);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^WHEN +WHAT +GENERATION +DETAIL\n.* refreshed .*origin=manual(.|\n)* connected /);
    const [newest, ...rest] = jsonLines((await ask(stage, "history", connectionId, "--limit", "1", "--json")).stdout);
    expect(newest).toMatchObject({ kind: "refreshed", detail: { origin: "manual" } });
    expect(rest).toEqual([]);
  });

  it("follows the pages", async () => {
    const stage = await openStage();
    const queries: string[] = [];
    const port = await listen((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://service.invalid");
      queries.push(searchParams.toString());
      const newest = Number(searchParams.get("before") ?? 1001) - 1;
      const history = Array.from({ length: Number(searchParams.get("limit")) }, (_, index) => entry(newest - index));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ history }));
    });
    const environment = { ...clientEnvironment(stage), EVERGRANT_URL: `http://127.0.0.1:${port}` };
    const { stdout } = await evergrant(["connections", "history", "con_1", "--limit", "250", "--json"], environment);
    expect(jsonLines(stdout)).toHaveLength(250);
    expect(queries).toEqual(["limit=200", "before=801&limit=50"]);
  });
});

describe("connections check", () => {
  it("says how a working connection was proven", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { code, stdout } = await ask(stage, "check", connectionId);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(new RegExp(`^Works: ${connectionId} .*proven by a (read|refresh)`));
    const json = await ask(stage, "check", connectionId, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ connection: { id: connectionId }, proven_by: expect.any(String) });
  });

  it("exits with 10 for one that a person has to reconnect", async () => {
    const stage = await openStage();
    const connectionId = await brokenConnection(stage);
    const { code, stdout } = await ask(stage, "check", connectionId);
    expect(code).toBe(EXIT.reauthorization_required);
    expect(stdout).toContain(`Not proven: ${connectionId}`);
    expect(stdout).toContain(`evergrant connect --connection ${connectionId}`);
  });

  it("exits with 7 for one whose provider is out of order, with 1 for one that was disconnected", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    stage.sandbox.control.change({ tokenEndpointFault: { kind: "status", status: 500 } });
    await stage.clock.leap(2 * HOUR);
    expect((await ask(stage, "check", connectionId)).code).toBe(EXIT.unavailable);
    await stage.api("DELETE", `/v1/connections/${connectionId}`);
    expect((await ask(stage, "check", connectionId)).code).toBe(EXIT.failed);
  });
});

describe("connections check of many", () => {
  it("asks about all that are not disconnected, names those that do not work, and exits with the worst", async () => {
    const stage = await openStage();
    const broken = await brokenConnection(stage);
    const { connectionId: well } = await stage.connect("bob");
    const { connectionId: gone } = await stage.connect("carol");
    await stage.api("DELETE", `/v1/connections/${gone}`);
    const { code, stdout } = await ask(stage, "check", "--all", "--per-second", "100");
    expect(code).toBe(EXIT.reauthorization_required);
    expect(stdout).toBe(`${broken}  reauthorization_required\n2 checked: 1 work, 1 need their user, 0 not proven\n`);
    const json = jsonLines((await ask(stage, "check", "--all", "--per-second", "100", "--json")).stdout);
    // Both were made in the same millisecond.
    expect(new Set(json)).toEqual(
      new Set([
        { id: broken, status: "reauthorization_required", proven_by: null, failure: null },
        { id: well, status: "active", proven_by: expect.any(String), failure: null },
      ]),
    );
  });

  it("asks about those only that nothing has proven lately, of one client if told", async () => {
    const stage = await openStage();
    await stage.connect();
    const none = await ask(stage, "check", "--idle", "1");
    expect([none.code, none.stdout, none.stderr]).toEqual([EXIT.ok, "", "No connections to check.\n"]);
    expect((await ask(stage, "check", "--idle", "0", "--client", "cli_other")).stdout).toBe("");
    expect((await ask(stage, "check", "--idle", "0", "--client", stage.clientId)).stdout).toContain(
      "1 checked: 1 work",
    );
    expect(jsonLines((await ask(stage, "list", "--unproven-for", "1", "--json")).stdout)).toEqual([]);
  });

  it("wants to know which", async () => {
    const stage = await openStage();
    for (const options of [[], ["con_1", "--all"], ["con_1", "--idle", "7"], ["--all", "--idle", "7"]]) {
      expect((await ask(stage, "check", ...options)).code).toBe(EXIT.usage);
    }
  });
});

describe("connections disconnect", () => {
  it("needs --yes without a terminal, and changes nothing without it", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { code, stderr } = await ask(stage, "disconnect", connectionId);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain("--yes");
    expect((await stage.token(connectionId)).status).toBe(200);
  });

  it("revokes and deletes with --yes, and says what became of the tokens", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { code, stdout } = await ask(stage, "disconnect", connectionId, "--yes");
    expect({ code, stdout }).toEqual({
      code: EXIT.ok,
      stdout: `Disconnected ${connectionId}. The provider has revoked the tokens.\n`,
    });
    const token = await evergrant(["token", connectionId], clientEnvironment(stage));
    expect(token.code).toBe(EXIT.failed);
    expect(token.stderr).toContain("was disconnected");
  });

  it("prints the API's document with --json", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { stdout } = await ask(stage, "disconnect", connectionId, "--yes", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ id: connectionId, status: "disconnected", revocation: "revoked" });
  });
});

describe("connections link", () => {
  it("prints a link and nothing else, and revokes those that it made", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { code, stdout, stderr } = await ask(stage, "link", connectionId);
    expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining("It expires")]);
    const choosing = await ask(stage, "link", connectionId, "--may-change-account");
    expect(choosing.stdout).toContain(".may_change.");
    for (const link of [stdout, choosing.stdout]) expect((await fetch(link.trim())).status).toBe(200);
    expect(await ask(stage, "link", connectionId, "--revoke")).toMatchObject({
      code: EXIT.ok,
      stdout: `Revoked every link of ${connectionId} that was made before.\n`,
    });
    for (const link of [stdout, choosing.stdout]) expect((await fetch(link.trim())).status).toBe(400);
  });

  it("does not revoke and make one at once", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    expect((await ask(stage, "link", connectionId, "--revoke", "--may-change-account")).code).toBe(EXIT.usage);
  });
});

function ask(stage: Stage, ...args: string[]) {
  return evergrant(["connections", ...args], clientEnvironment(stage));
}

/** A connection that the provider no longer knows anything of. */
async function brokenConnection(stage: Stage): Promise<string> {
  const { connectionId } = await stage.connect();
  await stage.sandbox.control.revokeUser("alice");
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  return connectionId;
}

function entry(id: number) {
  return { id, at: "2026-01-01T00:00:00.000Z", kind: "refreshed", generation: id, detail: {} };
}
