import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { evergrant } from "../cli/evergrant.ts";
import { jsonLines } from "../cli/json-lines.ts";
import { clientEnvironment } from "../cli/stage-environment.ts";
import { startRotatingProvider } from "../stage/rotating-provider.ts";
import { openStage } from "../stage/stage.ts";

test("a report tells what is handed over, what its previous owner still refreshes, and what nobody has tried", async () => {
  const provider = await startRotatingProvider();
  const stage = await openStage({ provider: () => provider.entry });
  const adopt = async (token: string): Promise<string> => {
    // Ids made at the same moment are in no order.
    await stage.clock.advance(1);
    const token_set = { refresh_token: token, access_token: "made-up-at", expires_in: 3600 };
    const body = { client: stage.clientId, token_set };
    return (await stage.api("POST", "/v1/connections/import", body)).at("id");
  };
  const refresh = (id: string) => stage.api("POST", `/v1/connections/${id}/refresh`);
  const environment = clientEnvironment(stage);
  expect((await evergrant(["import", "handover"], environment)).stderr).toContain("No imported connections.");

  const [untouched, once, ours] = [
    await adopt("made-up"),
    await adopt(provider.issue()),
    await adopt(provider.issue()),
  ];
  for (const id of [once, ours, ours]) await refresh(id);
  const shared = provider.issue();
  const contested = await adopt(shared);
  expect(provider.refresh(shared)).not.toBeNull();
  await refresh(contested);
  const ended = await adopt(provider.issue());
  await stage.api("DELETE", `/v1/connections/${ended}`);

  const report = await stage.api("GET", "/v1/connections/handover");
  expect(report.body).toMatchObject({
    connections: [
      { connection: { id: untouched }, state: "untouched", generation: 1 },
      { connection: { id: once }, state: "refreshed_once", generation: 2 },
      { connection: { id: ours }, state: "ours", generation: 3 },
      { connection: { id: contested }, state: "contested", advice: expect.stringContaining("stop the previous owner") },
      { connection: { id: ended }, state: "ended" },
    ],
    next_after: null,
  });
  const { body } = await stage.api("GET", `/v1/connections/${contested}`);
  expect(body).toMatchObject({
    diagnosis: { cause: "unknown", evidence: { previous_owner_may_refresh: true } },
  });
  expect(JSON.stringify(body)).not.toContain("revoked_by_user");
  const page = await stage.api("GET", `/v1/connections/handover?limit=2&after=${untouched}&client=${stage.clientId}`);
  expect(page.body).toMatchObject({ connections: [{ state: "refreshed_once" }, { state: "ours" }], next_after: ours });

  const shown = await evergrant(["import", "handover"], environment);
  expect(shown.code).toBe(EXIT.ok);
  expect(shown.stdout).toMatch(new RegExp(`^${contested} +contested +.* ${stage.clientId}`, "m"));
  expect(shown.stdout).toMatch(/^1 contested: Rejected after the import/m);
  const filtered = await evergrant(["import", "handover", "--state", "contested", "--json"], environment);
  expect(jsonLines(filtered.stdout)).toMatchObject([{ connection: { id: contested } }]);
});
