import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { startCampaign } from "../security/campaign.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

function ask(stage: Stage, ...args: string[]) {
  return evergrant(["campaigns", ...args], clientEnvironment(stage));
}

test("start prints the id alone, and show, list and cancel take it from there", async () => {
  const stage = await openStage();
  await ask(stage, "cancel", await startCampaign(stage.api, stage.clientId));
  const quiet = "20:00-08:00@Europe/Berlin";
  const started = await ask(stage, "start", "--client", stage.clientId, "--remind-after", "24,48", "--quiet", quiet);
  expect([started.code, started.stdout]).toEqual([EXIT.ok, expect.stringMatching(/^cam_[0-9a-z]{26}\n$/)]);
  expect(started.stderr).toContain("the users of 1 connections");
  const id = started.stdout.trim();
  const shown = (await ask(stage, "show", id)).stdout;
  expect(shown).toMatch(/^recovered +0 of 1 \(0 %\)$/m);
  expect(shown).toMatch(/^reminders +24 h, 48 h$/m);
  expect(shown).toMatch(/^quiet hours +20:00 to 08:00, Europe\/Berlin$/m);
  const listed = (await ask(stage, "list")).stdout;
  expect(listed).toMatch(new RegExp(`^${id} +running`, "m"));
  expect(listed).toMatch(/^cam_\w+ +cancelled/m);
  const cancelled = await ask(stage, "cancel", id);
  expect([cancelled.code, cancelled.stdout]).toEqual([EXIT.ok, expect.stringMatching(/^state +cancelled$/m)]);
  expect((await ask(stage, "cancel", id)).code).not.toBe(EXIT.ok);
  expect((await ask(stage, "show", "cam_none")).code).toBe(EXIT.not_found);
});

test("bad hours and bad quiet hours exit with 2, and ask nobody", async () => {
  const stage = await openStage();
  for (const bad of [
    ["--remind-after", "tomorrow"],
    ["--quiet", "at night"],
    ["--quiet", "20:00-08:00@Mars/Olympus"],
  ]) {
    expect([bad, (await ask(stage, "start", "--client", stage.clientId, ...bad)).code]).toEqual([bad, EXIT.usage]);
  }
});
