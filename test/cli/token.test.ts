import { expect, it } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { listen } from "../stage/page-server.ts";
import { openStage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

it("prints the access token and a newline, nothing else", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const answer = await stage.token(connectionId);
  const outcome = await evergrant(["token", connectionId], clientEnvironment(stage));
  expect(outcome).toEqual({ code: EXIT.ok, stdout: `${answer.at("access_token")}\n`, stderr: "" });
});

it("prints the whole answer with --json", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const { body } = await stage.token(connectionId);
  const { stdout } = await evergrant(["token", connectionId, "--json"], clientEnvironment(stage));
  expect(JSON.parse(stdout)).toEqual(body);
});

it("has a token with less life than --min-ttl refreshed first", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.clock.leap(HOUR / 2);
  const before = await stage.token(connectionId, "?min_ttl=60");
  const { stdout } = await evergrant(["token", connectionId, "--min-ttl", "3000"], clientEnvironment(stage));
  expect(stdout).toMatch(/^\S+\n$/);
  expect(stdout.trim()).not.toBe(before.at("access_token"));
});

it("exits with 10 and gives the link when a person has to reconnect", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(2 * HOUR);
  const outcome = await evergrant(["token", connectionId], clientEnvironment(stage));
  expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: EXIT.reauthorization_required, stdout: "" });
  expect(outcome.stderr).toContain(`${stage.settings.publicUrl}/reauthorize/${connectionId}.`);
  const json = await evergrant(["token", connectionId, "--json"], clientEnvironment(stage));
  expect(json.code).toBe(EXIT.reauthorization_required);
  expect(JSON.parse(json.stderr)).toEqual({
    error: expect.objectContaining({
      code: "reauthorization_required",
      detail: expect.any(String),
      who_acts: "user",
      connection_id: connectionId,
      reauthorization_url: expect.stringContaining("/reauthorize/"),
    }),
  });
});

it("exits with 7 when the provider cannot be reached and the token has run out", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  stage.sandbox.control.change({ tokenEndpointFault: { kind: "status", status: 503 } });
  await stage.clock.leap(2 * HOUR);
  const outcome = await evergrant(["token", connectionId], clientEnvironment(stage));
  expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: EXIT.unavailable, stdout: "" });
  expect(outcome.stderr).toMatch(/Try again in \d+ s\./);
});

it("exits with 9 for a connection that does not exist", async () => {
  const stage = await openStage();
  const outcome = await evergrant(["token", "con_unknown"], clientEnvironment(stage));
  expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: EXIT.not_found, stdout: "" });
  expect(outcome.stderr).toContain("There is no such connection.");
});

it.each([
  ["that would end its line", { access_token: "a\nquit=true" }],
  ["that is empty", { access_token: "" }],
  ["whose end is no time", { expires_at: "soon" }],
  ["without a generation", { generation: undefined }],
])("prints no token %s", async (_name, change) => {
  const answer = JSON.stringify({ access_token: "a", expires_at: null, generation: 1, ...change });
  const port = await listen((_request, response) => response.end(answer));
  const environment = { EVERGRANT_URL: `http://127.0.0.1:${port}`, EVERGRANT_API_KEY: mintedKey() };
  const { code, stdout, stderr } = await evergrant(["token", "con_1"], environment);
  expect({ code, stdout }).toEqual({ code: EXIT.failed, stdout: "" });
  expect(stderr).toContain("is not one of Evergrant's");
});

function mintedKey(): string {
  return mintKey("key", systemClock, systemRandom).text.reveal();
}
