import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openStage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

it("prints a token alone, which stands for the API key and reads its connections only", async () => {
  const stage = await openStage();
  const [one, other] = [await stage.connect("alice"), await stage.connect("bob")];
  const create = (...args: string[]) => evergrant(["agent-tokens", "create", ...args], clientEnvironment(stage));
  const made = await create(one.connectionId, "--expires-in", "60");
  expect({ ...made, stdout: made.stdout.slice(0, 9) }).toEqual({
    code: EXIT.ok,
    stdout: "eg_agent_",
    stderr: expect.stringMatching(/^Made an agent token, which expires at \S+\. It is shown this once\.\n$/),
  });
  const asAgent = { ...clientEnvironment(stage), EVERGRANT_API_KEY: made.stdout.trim() };
  const right = (await stage.token(one.connectionId)).at("access_token");
  expect((await evergrant(["token", one.connectionId], asAgent)).stdout).toBe(`${right}\n`);
  expect((await evergrant(["token", other.connectionId], asAgent)).code).toBe(EXIT.not_found);
  expect((await evergrant(["connections", "list"], asAgent)).code).toBe(EXIT.unauthorized);
  await stage.clock.leap(MINUTE);
  expect((await evergrant(["token", one.connectionId], asAgent)).code).toBe(EXIT.unauthorized);

  const both = await create(one.connectionId, other.connectionId, "--json");
  expect(JSON.parse(both.stdout)).toMatchObject({ connections: [one.connectionId, other.connectionId] });
  expect((await create(`con_${"0".repeat(26)}`)).code).toBe(EXIT.not_found);
  expect((await create(one.connectionId, "--expires-in", "59")).code).toBe(EXIT.usage);
  expect((await create()).code).toBe(EXIT.usage);
});
