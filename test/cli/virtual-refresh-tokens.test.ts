import { expect, it } from "vitest";
import { readVirtualRefreshTokenId } from "../../src/access/virtual-refresh-token.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

it("virtual-refresh-tokens create prints the token alone; list shows those that live, and revoke ends one", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const made = await ask(stage, "create", connectionId, "--name", "airbyte");
  expect([made.code, made.stdout]).toEqual([EXIT.ok, expect.stringMatching(/^eg_vrt_\S+\n$/)]);
  const id = readVirtualRefreshTokenId(made.stdout.trim()) ?? "";
  expect(made.stderr).toBe(`Made ${id}, which does not expire. The token is shown this once.\n`);
  const another = await ask(stage, "create", connectionId, "--days", "30", "--json");
  expect(JSON.parse(another.stdout)).toMatchObject({ connection: connectionId, expires_at: expect.any(String) });

  const { stdout } = await ask(stage, "list", "--connection", connectionId);
  expect(stdout).toMatch(/^ID +STATE +ENDS +LAST USED +FROM +CONNECTION +NAME\n/);
  expect(stdout).toMatch(new RegExp(`^${id}  live +never +never +${connectionId} +airbyte$`, "m"));
  expect(jsonLines((await ask(stage, "list", "--json")).stdout)).toHaveLength(2);

  const refused = await ask(stage, "revoke", id);
  expect([refused.code, refused.stderr]).toEqual([EXIT.usage, expect.stringContaining("--yes")]);
  expect(await ask(stage, "revoke", id, "--yes")).toMatchObject({ code: EXIT.ok, stdout: `Revoked ${id}.\n` });
  expect((await ask(stage, "revoke", id, "--yes")).code).toBe(EXIT.not_found);
  expect((await ask(stage, "list")).stdout).not.toContain(id);
  expect((await ask(stage, "list", "--all")).stdout).toMatch(new RegExp(`^${id}  revoked `, "m"));
  expect((await ask(stage, "create", `con_${"0".repeat(26)}`)).code).toBe(EXIT.not_found);
  expect((await ask(stage, "create", connectionId, "--days", "0")).code).toBe(EXIT.usage);
});

function ask(stage: Stage, ...args: string[]) {
  return evergrant(["virtual-refresh-tokens", ...args], clientEnvironment(stage));
}
