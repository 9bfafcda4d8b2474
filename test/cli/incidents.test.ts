import { expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openIncident } from "../security/open-incident.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

// It is short, but each command is a process.
vi.setConfig({ testTimeout: 60_000 });

function ask(stage: Stage, ...args: string[]) {
  return evergrant(["incidents", ...args], clientEnvironment(stage));
}

test("incidents list has them by state", async () => {
  const stage = await openStage();
  expect((await ask(stage, "list")).stderr).toContain("No incidents.");
  const id = openIncident(stage);
  const [listed, lines] = await Promise.all([ask(stage, "list", "--state", "open"), ask(stage, "list", "--json")]);
  expect(listed.stdout).toMatch(/^ID +STATE +KIND +CAUSE +RECOVERED +LAST SEEN +ABOUT\n/);
  expect(listed.stdout).toMatch(new RegExp(`^${id} +open +rejections +unknown +0/0 `, "m"));
  expect(jsonLines(lines.stdout)).toMatchObject([{ id, state: "open" }]);
});

test("incidents show says what to do, and acknowledge that somebody does", async () => {
  const stage = await openStage();
  const id = openIncident(stage);
  const [shown, json] = await Promise.all([ask(stage, "show", id), ask(stage, "show", id, "--json")]);
  expect(shown.stdout).toMatch(/^who acts +user$/m);
  expect(shown.stdout).toMatch(/^connections +0 of 0 recovered$/m);
  expect(JSON.parse(json.stdout)).toMatchObject({ id, members: [] });
  const acknowledged = await ask(stage, "acknowledge", id);
  expect([acknowledged.code, acknowledged.stdout]).toEqual([EXIT.ok, `${id} is acknowledged.\n`]);
});
