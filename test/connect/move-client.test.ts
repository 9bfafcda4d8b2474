import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { HOUR, SECOND } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const SECOND_CLIENT = { client_id: "second-client", client_secret: "second-secret", scopes: ["files.read"] };

/** A connection of one client, and another client at the same provider. */
async function openTwoClients() {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const made = await stage.api("POST", "/v1/clients", { provider: "sandbox", ...SECOND_CLIENT });
  const { client_id: clientId, client_secret: clientSecret } = SECOND_CLIENT;
  await stage.sandbox.control.putClient({ clientId, clientSecret, redirectUris: [made.at("redirect_uri")] });
  return { stage, connectionId, to: made.at("id") };
}

function move({ api, clientId }: Stage, to: string) {
  return api("POST", "/v1/campaigns", { client: clientId, to_client: to });
}

async function followLink({ api }: Stage, connectionId: string, user = "alice") {
  const link = await api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  return createScriptedUser({ user }).visit(link.at("url"));
}

const clientOf = async ({ api }: Stage, id: string) => (await api("GET", `/v1/connections/${id}`)).at("client");

test("a connection moves to the other client by its user's consent, and works by the former until then", async () => {
  const { stage, connectionId, to } = await openTwoClients();
  const campaign = await move(stage, to);
  expect(campaign.body).toMatchObject({ to_client: to, report: { connections: 1, recovered: 0 } });
  await stage.clock.leap(2 * HOUR);
  expect((await stage.token(connectionId)).body).toMatchObject({ refresh_state: "ok", generation: 2 });
  expect(await clientOf(stage, connectionId)).toBe(stage.clientId);
  expect((await followLink(stage, connectionId)).body).toContain("The account is connected");
  expect(await clientOf(stage, connectionId)).toBe(to);
  await stage.clock.leap(2 * HOUR);
  await stage.clock.advance(11 * SECOND);
  expect((await stage.token(connectionId)).body).toMatchObject({ refresh_state: "ok" });
  expect(stage.sandbox.control.counts()).toMatchObject({
    refreshesRejected: 0,
    tokenRequestsByClient: { [SECOND_CLIENT.client_id]: 2 },
  });
  expect((await stage.api("GET", `/v1/campaigns/${campaign.at("id")}`)).body).toMatchObject({
    state: "finished",
    report: { recovered: 1, recovery_rate: 1 },
  });
});

test("another account does not take a connection along", async () => {
  const { stage, connectionId, to } = await openTwoClients();
  await move(stage, to);
  expect((await followLink(stage, connectionId, "bob")).body).toContain("Sign in with that account");
  expect(await clientOf(stage, connectionId)).toBe(stage.clientId);
});

test("a consent that was on its way when the move was cancelled moves nothing", async () => {
  const { stage, connectionId, to } = await openTwoClients();
  const campaign = await move(stage, to);
  const started = await stage.api("POST", "/v1/connect-sessions", { connection: connectionId });
  await stage.api("POST", `/v1/campaigns/${campaign.at("id")}/cancel`);
  const page = await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  expect(page.body).toContain("does not move to this client any more");
  expect(await clientOf(stage, connectionId)).toBe(stage.clientId);
  expect((await followLink(stage, connectionId)).body).toContain("The account is connected");
  expect(await clientOf(stage, connectionId)).toBe(stage.clientId);
});

test("connections move to another client of the same provider only", async () => {
  const { stage, to } = await openTwoClients();
  const google = await stage.api("POST", "/v1/clients", { provider: "google", client_id: "g", client_secret: "s" });
  expect((await move(stage, google.at("id"))).body).toMatchObject({ status: 400, code: "invalid_request" });
  expect((await move(stage, stage.clientId)).status).toBe(400);
  expect((await move(stage, "cli_none")).status).toBe(404);
  expect((await stage.api("POST", "/v1/campaigns", { connections: ["con_x"], to_client: to })).status).toBe(400);
});
