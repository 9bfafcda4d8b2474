import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { adds, answers } from "../stage/plays.ts";
import type { SimulatedAuthorizationServer } from "../stage/simulated-authorization-server.ts";
import { openStage } from "../stage/stage.ts";
import { expectHealthy, sentTo } from "./outcome.ts";

const PAGE = "<html>...</html>";

test("mattermost-html-500-for-bad-code: a page for an error ends an attempt to connect after one request, and only delays a refresh", async () => {
  const connecting = await openStage();
  connecting.sandbox.control.change({ tokenEndpointFault: { kind: "html", status: 500 } });
  const started = await connecting.api("POST", "/v1/connect-sessions", { client: connecting.clientId });
  await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  const session = await connecting.api("GET", `/v1/connect-sessions/${started.at("id")}`);
  expect(session.body).toMatchObject({ status: "failed", connection_id: null });
  expect(session.at("problem", "detail")).toContain("connect again");
  expect(connecting.sandbox.control.counts()).toMatchObject({ authorizationCodeRequests: 1 });

  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.always(answers(500, PAGE));
  for (let waited = 0; waited < 2 * DAY; waited += 10 * MINUTE) {
    await expect(stage.read(id)).rejects.toMatchObject({ code: "provider_unavailable" });
    await stage.clock.leap(10 * MINUTE);
  }
  expect(stage.server.requests.length).toBeLessThanOrEqual(300);
  const { connection } = await stage.held(id);
  expect(connection).toMatchObject({ status: "degraded", diagnosis: { cause: "provider_unavailable" } });
  expect(stage.observer.of("connection.degraded")).toHaveLength(1);
  stage.server.always(null);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  await expectHealthy(stage, id);
});

/** The authorization server of one Salesforce host. */
function salesforceAt(host: string) {
  return builtInEntry("salesforce", { parameters: { login_host: host } });
}

function hostsAsked({ requests }: SimulatedAuthorizationServer): string[] {
  return [...new Set(requests.map(({ url }) => new URL(url).host))];
}

test("salesforce-refresh-at-instance-instead-of-login-url: a refresh token goes back to the host that issued it, whatever the API's host is", async () => {
  const behaviour = { rotation: false };
  const stage = await openEngineStage({ entry: salesforceAt("login.salesforce.com"), server: behaviour });
  const sandbox = await stage.addServer("sandbox", behaviour, salesforceAt("acme--dev.sandbox.my.salesforce.com"));
  // Somebody else's, so that the two servers do not issue tokens of the same name.
  sandbox.authorize();
  const inProduction = await stage.connect();
  const inSandbox = await stage.connect({ server: sandbox, clientId: await stage.addClient(sandbox) });
  for (const [server, id] of [
    [stage.server, inProduction],
    [sandbox, inSandbox],
  ] as const) {
    server.script(adds({ instance_url: "https://na139.salesforce.com" }));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect((await stage.read(id)).answerFields).toMatchObject({ instance_url: "https://na139.salesforce.com" });
    await stage.clock.leap(HOUR);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    await expectHealthy({ ...stage, server }, id);
  }
  expect(hostsAsked(stage.server)).toEqual(["login.salesforce.com"]);
  expect(hostsAsked(sandbox)).toEqual(["acme--dev.sandbox.my.salesforce.com"]);
  expect(sentTo(sandbox)).toEqual(["refresh-2-1", "refresh-2-1"]);
  expect(stage.server.accepts("refresh-2-1")).toBe(false);
});
