import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { isSignedWith, startWebhookReceiver } from "../stage/webhook-receiver.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

function ask(stage: Stage, ...args: string[]) {
  return evergrant(["webhooks", ...args], clientEnvironment(stage));
}

async function openWithEndpoint() {
  const [stage, receiver] = [await openStage(), await startWebhookReceiver()];
  const added = await ask(stage, "add", receiver.url, "--description", "ours");
  const id = /Added (whe_\w+)/.exec(added.stderr)?.[1] ?? "";
  return { stage, receiver, added, id };
}

it("adds an endpoint, prints its secret alone, and tries it", async () => {
  const { stage, receiver, added, id } = await openWithEndpoint();
  expect(added.code).toBe(EXIT.ok);
  expect(added.stdout).toMatch(/^whsec_\S+\n$/);
  const tested = await ask(stage, "test", id);
  expect([tested.code, tested.stdout]).toEqual([
    EXIT.ok,
    expect.stringMatching(/^It arrived: HTTP 204 after \d+ ms\.\n$/),
  ]);
  const [message] = receiver.received;
  expect(message && isSignedWith(added.stdout.trim(), message)).toBe(true);
  receiver.answer((response) => response.writeHead(500).end());
  const failed = await ask(stage, "test", id);
  expect([failed.code, failed.stderr]).toEqual([
    EXIT.failed,
    expect.stringContaining("It was answered with HTTP 500."),
  ]);
});

it("takes event types that there are, and no others", async () => {
  const stage = await openStage();
  const options = ["--event", "key.rotated", "--event", "client.suspended", "--all-tenants", "--json"];
  const added = await ask(stage, "add", "https://hooks.example/x", ...options);
  expect(JSON.parse(added.stdout)).toMatchObject({ events: ["key.rotated", "client.suspended"], all_tenants: true });
  const wrong = await ask(stage, "add", "https://hooks.example/x", "--event", "everything");
  expect([wrong.code, wrong.stderr]).toEqual([EXIT.usage, expect.stringContaining("connection.created")]);
  const inside = await ask(stage, "add", "https://10.0.0.1/x");
  expect([inside.code, inside.stderr]).toEqual([EXIT.usage, expect.stringContaining("public address")]);
});

it("lists endpoints and their deliveries, and sends these again", async () => {
  const { stage, receiver, id } = await openWithEndpoint();
  await stage.connect("alice");
  const state = async () => {
    await stage.clock.advance(1000);
    return jsonLines((await ask(stage, "deliveries", id, "--json")).stdout);
  };
  await expect.poll(state, { timeout: 10_000 }).toMatchObject([{ state: "delivered", type: "connection.created" }]);
  const listed = await ask(stage, "list");
  expect(listed.stdout).toMatch(/^ID +STATE +LAST SUCCESS +EVENTS +URL\n/);
  expect(listed.stdout).toMatch(new RegExp(`^${id}  enabled +.* all +${receiver.url}$`, "m"));
  const deliveries = await ask(stage, "deliveries", id, "--state", "delivered");
  const delivery = /^(whd_\w+)  delivered  connection\.created .* 1 +HTTP 204$/m.exec(deliveries.stdout)?.[1] ?? "";
  expect((await ask(stage, "replay", id, delivery)).stdout).toBe("1 event is sent again.\n");
  expect((await ask(stage, "replay", id)).code).toBe(EXIT.usage);
  await expect.poll(async () => (await state(), receiver.received.length), { timeout: 10_000 }).toBe(2);
  const until = new Date(stage.clock.now() + 1000).toISOString();
  const since = await ask(stage, "replay", id, "--since", "2020-01-01T00:00:00Z", "--until", until);
  expect(since.stdout).toBe("1 event is sent again.\n");
});

it("disables, enables, gives another secret, and removes", async () => {
  const { stage, added, id } = await openWithEndpoint();
  expect((await ask(stage, "disable", id)).stdout).toBe(`${id} is disabled.\n`);
  expect((await ask(stage, "list")).stdout).toContain("disabled: by_request");
  expect((await ask(stage, "enable", id)).stdout).toBe(`${id} is enabled.\n`);
  const rotated = await ask(stage, "rotate-secret", id, "--overlap", "60");
  expect(rotated.stdout).toMatch(/^whsec_\S+\n$/);
  expect(rotated.stdout).not.toBe(added.stdout);
  expect((await ask(stage, "remove", id)).code).toBe(EXIT.usage);
  expect((await ask(stage, "remove", id, "--yes")).stdout).toBe(`Removed ${id}.\n`);
  expect((await ask(stage, "list")).stderr).toContain("No webhook endpoints.");
  expect((await ask(stage, "test", id)).code).toBe(EXIT.not_found);
});
