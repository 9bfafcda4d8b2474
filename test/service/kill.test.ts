import { createScriptedUser, startSandbox, type Behaviour } from "@evergrant/sandbox";
import { expect, onTestFinished, test } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { startEvergrant, type Evergrant } from "../cli/evergrant.ts";
import { createApi } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

/** The real process on a real file, with an account connected; `killAndStart` is `kill -9` and another process in its place. */
async function openProcess(behaviour: Partial<Behaviour>) {
  const sandbox = await startSandbox({ behaviour });
  onTestFinished(() => sandbox.close());
  const port = await freePort();
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  const environment = {
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_PORT: String(port),
    EVERGRANT_ADMIN_KEY: adminKey,
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
  };
  const api = createApi(`http://127.0.0.1:${port}`, adminKey);
  let running = await start(environment);
  const client = { client_id: "evergrant", client_secret: "s", scopes: ["files.read"] };
  await api("PUT", "/v1/providers/sandbox", { issuer: sandbox.url });
  const made = await api("POST", "/v1/clients", { provider: "sandbox", ...client });
  const redirectUris = [made.at("redirect_uri")];
  await sandbox.control.putClient({ clientId: "evergrant", clientSecret: "s", redirectUris });
  const session = await api("POST", "/v1/connect-sessions", { client: made.at("id") });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const connectionId = (await api("GET", `/v1/connect-sessions/${session.at("id")}`)).at("connection_id");
  return {
    sandbox,
    api,
    path: `/v1/connections/${connectionId}`,
    killAndStart: async () => {
      running.signal("SIGKILL");
      await running.ended;
      running = await start(environment);
    },
  };
}

async function start(environment: Record<string, string>): Promise<Evergrant> {
  const running = startEvergrant(["serve"], environment);
  await running.printed(/"event":"service.started"/);
  return running;
}

test("a kill between refreshes costs nothing, even where reuse is punished", async () => {
  const { sandbox, api, path, killAndStart } = await openProcess({ reuse: { kind: "revoke_family" } });
  for (let generation = 1; generation <= 4; generation++) {
    expect((await api("GET", `${path}/access-token`)).body).toMatchObject({ generation, refresh_state: "ok" });
    await killAndStart();
    expect((await api("POST", `${path}/refresh`)).body).toMatchObject({ status: "active", generation: generation + 1 });
  }
  expect(sandbox.control.counts()).toMatchObject({ refreshRequests: 4, reuseDetected: 0 });
});

test("a kill while the provider has the request costs nothing where it forgives a repetition", async () => {
  const staged = await openProcess({ reuse: { kind: "accept", seconds: 60 } });
  await killInMidExchange(staged);
  const healed = await staged.api("POST", `${staged.path}/refresh`);
  expect(healed.body).toMatchObject({ status: "active", generation: 2 });
  expect(staged.sandbox.control.counts()).toMatchObject({ refreshRequests: 2, reuseDetected: 1 });
});

test("a kill while a punishing provider has the request is named as what it was, not as the user's doing", async () => {
  const staged = await openProcess({ reuse: { kind: "revoke_family" } });
  await killInMidExchange(staged);
  const lost = await staged.api("POST", `${staged.path}/refresh`);
  const diagnosis = { cause: "rotation_lost", confidence: "likely" };
  expect(lost.body).toMatchObject({ status: "reauthorization_required", diagnosis });
});

/** The provider rotates the token, and the process that asked for it is gone when the answer comes. */
async function killInMidExchange({ sandbox, api, path, killAndStart }: Awaited<ReturnType<typeof openProcess>>) {
  sandbox.control.change({ tokenEndpointFault: { kind: "hang" } });
  const unanswered = api("POST", `${path}/refresh`).catch(() => "killed");
  await expect.poll(() => sandbox.control.counts().refreshRequests).toBe(1);
  const restarted = killAndStart();
  sandbox.control.change({ tokenEndpointFault: null });
  await expect.poll(() => sandbox.control.counts().refreshesSucceeded).toBe(1);
  expect(await unanswered).toBe("killed");
  await restarted;
}
