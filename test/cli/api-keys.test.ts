import { describe, expect, it } from "vitest";
import { readKeyId } from "../../src/access/api-key.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

const UNKNOWN = "key_00000000000000000000000000";

describe("api-keys create", () => {
  it("prints the key alone, which works and may read tokens only", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const { code, stdout, stderr } = await ask(stage, "create", "--name", "worker");
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^eg_key_\S+\n$/);
    expect(stderr).toBe(`Made ${readKeyId(stdout.trim())}, which does not expire. The key is shown this once.\n`);
    const api = createApi(stage.service.url, stdout.trim());
    expect((await api("GET", `/v1/connections/${connectionId}/access-token`)).status).toBe(200);
    expect((await api("GET", "/v1/connections")).status).toBe(403);
  });

  it("takes scopes, addresses, a life and a limit", async () => {
    const stage = await openStage();
    const options = ["--scope", "keys:write", "--scope", "token:read", "--cidr", "127.0.0.1", "--cidr", "::1/128"];
    const made = await ask(stage, "create", "--name", "n", ...options, "--days", "2", "--rate-limit", "9", "--json");
    const { id, expires_at: expiresAt } = JSON.parse(made.stdout);
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 2 * DAY)).toBeLessThan(MINUTE);
    const listed = jsonLines((await ask(stage, "list", "--json")).stdout);
    expect(listed).toContainEqual(
      expect.objectContaining({
        id,
        scopes: ["keys:write", "token:read"],
        allowed_cidrs: ["127.0.0.1/32", "::1/128"],
        rate_limit: 9,
      }),
    );
  });

  it("exits with 2 for a value that is none, and says which", async () => {
    const stage = await openStage();
    const noScope = await ask(stage, "create", "--name", "n", "--scope", "everything");
    expect([noScope.code, noScope.stderr]).toEqual([EXIT.usage, expect.stringContaining("token:read")]);
    const noBlock = await ask(stage, "create", "--name", "n", "--cidr", "10.0.0.0/99");
    expect([noBlock.code, noBlock.stderr]).toEqual([EXIT.usage, expect.stringContaining("allowed_cidrs.0")]);
    expect((await ask(stage, "create")).code).toBe(EXIT.usage);
  });
});

describe("api-keys list", () => {
  it("shows keys that live, and all with --all", async () => {
    const stage = await openStage();
    const [, id = ""] = /Made (key_\w+)/.exec((await ask(stage, "create", "--name", "old one")).stderr) ?? [];
    const before = await ask(stage, "list");
    expect(before.stdout).toMatch(/^ID +STATE +ENDS +LAST USED +FROM +SCOPES +NAME\n/);
    expect(before.stdout).toMatch(new RegExp(`^${id}  live +never +never +token:read +old one$`, "m"));
    expect(before.stdout).toMatch(/ admin +admin$/m);
    await ask(stage, "revoke", id, "--yes");
    expect((await ask(stage, "list")).stdout).not.toContain(id);
    expect((await ask(stage, "list", "--all")).stdout).toMatch(new RegExp(`^${id}  revoked `, "m"));
  });

  it("says that a replaced key is on its way out", async () => {
    const stage = await openStage();
    const [, id = ""] = /Made (key_\w+)/.exec((await ask(stage, "create", "--name", "n")).stderr) ?? [];
    await ask(stage, "rotate", id);
    expect((await ask(stage, "list")).stdout).toMatch(new RegExp(`^${id}  replaced +in 2[34] h `, "m"));
  });
});

describe("api-keys rotate", () => {
  it("prints the successor of a key alone, and says how long the old one works", async () => {
    const stage = await openStage();
    const made = await ask(stage, "create", "--name", "n", "--scope", "connections:read");
    const id = readKeyId(made.stdout.trim()) ?? "";
    const { code, stdout, stderr } = await ask(stage, "rotate", id, "--overlap", "0");
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^eg_key_\S+\n$/);
    expect(stderr).toMatch(new RegExp(`^Made ${readKeyId(stdout.trim())}\\. .* ${id} works until \\d{4}-`));
    const status = async (key: string) =>
      (await createApi(stage.service.url, key.trim())("GET", "/v1/connections")).status;
    expect([await status(made.stdout), await status(stdout)]).toEqual([401, 200]);
  });

  it("without an id rotates the key that asks", async () => {
    const stage = await openStage();
    const { stdout: own } = await ask(stage, "create", "--name", "n");
    const environment = { ...clientEnvironment(stage), EVERGRANT_API_KEY: own.trim() };
    const { stdout } = await evergrant(["api-keys", "rotate", "--json"], environment);
    expect(JSON.parse(stdout)).toMatchObject({ replaces: readKeyId(own.trim()) });
    const again = await evergrant(["api-keys", "rotate"], environment);
    expect([again.code, again.stderr]).toEqual([EXIT.failed, expect.stringContaining("was rotated already")]);
    const other = await evergrant(["api-keys", "rotate", UNKNOWN], environment);
    expect(other.code).toBe(EXIT.unauthorized);
  });
});

describe("api-keys revoke", () => {
  it("needs --yes without a terminal, and changes nothing without it", async () => {
    const stage = await openStage();
    const { stdout: key } = await ask(stage, "create", "--name", "n", "--scope", "connections:read");
    const id = readKeyId(key.trim()) ?? "";
    const api = createApi(stage.service.url, key.trim());
    const refused = await ask(stage, "revoke", id);
    expect([refused.code, refused.stderr]).toEqual([EXIT.usage, expect.stringContaining("--yes")]);
    expect((await api("GET", "/v1/connections")).status).toBe(200);
    const done = await ask(stage, "revoke", id, "--yes");
    expect(done).toMatchObject({ code: EXIT.ok, stdout: `Revoked ${id}.\n` });
    expect((await api("GET", "/v1/connections")).status).toBe(401);
    expect((await ask(stage, "revoke", id, "--yes")).code).toBe(EXIT.not_found);
  });
});

it("a command that comes too often exits with 7 and says when to come back", async () => {
  const stage = await openStage();
  const { stdout: key } = await ask(stage, "create", "--name", "n", "--scope", "keys:write", "--rate-limit", "1");
  const environment = { ...clientEnvironment(stage), EVERGRANT_API_KEY: key.trim() };
  const api = createApi(stage.service.url, key.trim());
  for (let i = 0; i < 2; i++) await api("GET", "/v1/api-keys");
  const { code, stderr } = await evergrant(["api-keys", "list"], environment);
  expect([code, stderr]).toEqual([EXIT.unavailable, expect.stringContaining("Try again in 1 s.")]);
});

function ask(stage: Stage, ...args: string[]) {
  return evergrant(["api-keys", ...args], clientEnvironment(stage));
}
