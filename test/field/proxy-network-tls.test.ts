import { writeFileSync } from "node:fs";
import { selfSigned } from "@evergrant/sandbox";
import { expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openTransport, serveTcp } from "../network/loopback.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers, type Play } from "../stage/plays.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { expectEnded, expectHealthy, sentTo } from "./outcome.ts";
import { startProxy } from "./proxy.ts";
import { startRotatingEndpoint } from "./rotating-endpoint.ts";
import { openServiceProcess } from "./service-process.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

test("corporate-tls-interception-unknown-ca: an unknown authority is told by name, costs nothing, and is over when it is made known", async () => {
  const identity = selfSigned("localhost");
  const authority = `${temporaryFolder()}/authority.pem`;
  writeFileSync(authority, identity.cert);
  const endpoint = await startRotatingEndpoint(identity);
  const { api, path, doctor, startAgainAfter } = await openServiceProcess(endpoint);
  const read = await api("GET", `${path}/access-token`);
  expect(read.body).toMatchObject({ status: 503, code: "provider_unavailable", cause: "provider_unavailable" });
  const { body } = await api("GET", path);
  expect(body).toMatchObject({ status: expect.stringMatching(/^(active|degraded)$/), generation: 1 });
  const history = await api("GET", `${path}/history`);
  const entry = { kind: "refresh_failed", detail: { cause: "provider_unavailable", code: "tls" } };
  expect(history.body).toMatchObject({ history: expect.arrayContaining([expect.objectContaining(entry)]) });
  const examined = await doctor();
  expect(examined.code).toBe(EXIT.unavailable);
  expect(examined.stdout).toMatch(/^✗ provider +elsewhere .*certificate is not accepted\n +→ .*NODE_EXTRA_CA_CERTS/m);
  expect(examined.stdout).not.toContain("REJECT_UNAUTHORIZED");
  expect(endpoint.sent).toEqual([]);

  await startAgainAfter("SIGTERM", { NODE_EXTRA_CA_CERTS: authority });
  const status = async () => (await api("GET", path)).body;
  await expect.poll(status, { timeout: 30_000 }).toMatchObject({ status: "active", generation: 2 });
  expect(endpoint.sent).toEqual(["rt-0"]);
  expect((await doctor()).stdout).toMatch(/^✓ provider +elsewhere/m);
});

// Nothing but the proxy knows the name of the provider.
test("proxy-env-ignored-for-token-requests: every request goes through the proxy, and when that opens no tunnel it is told by name and costs nothing", async () => {
  const identity = selfSigned("elsewhere.invalid");
  const authority = `${temporaryFolder()}/authority.pem`;
  writeFileSync(authority, identity.cert);
  const endpoint = await startRotatingEndpoint(identity);
  const { port } = new URL(endpoint.origin);
  endpoint.origin = `https://elsewhere.invalid:${port}`;
  const proxy = await startProxy(Number(port));
  const surroundings = { HTTPS_PROXY: proxy.url, NO_PROXY: "", NODE_EXTRA_CA_CERTS: authority };
  const { path, api, refresh, doctor } = await openServiceProcess(endpoint, surroundings);
  expect((await refresh()).body).toMatchObject({ status: "active", generation: 2 });
  proxy.refuses = true;
  await refresh();
  const examined = await doctor();
  expect(examined.stdout).toMatch(/^✗ provider +elsewhere .*HTTPS_PROXY .*\n +→ .*NO_PROXY/m);
  expect(examined.stdout).not.toContain("pa55word");
  const history = await api("GET", `${path}/history`);
  const entry = { kind: "refresh_failed", detail: { cause: "provider_unavailable", code: "proxy" } };
  expect(history.body).toMatchObject({ history: expect.arrayContaining([expect.objectContaining(entry)]) });
  expect(endpoint.sent).toEqual(["rt-0"]);
  proxy.refuses = false;
  await expect.poll(async () => (await refresh()).body, { timeout: 30_000 }).toMatchObject({ generation: 3 });
  expect(endpoint.sent).toEqual(["rt-0", "rt-1"]);
  expect((await doctor()).stdout).toMatch(/^✓ provider +elsewhere/m);
  expect(new Set(proxy.targets)).toEqual(new Set([`elsewhere.invalid:${port}`]));
});

/** The server acts, and its answer breaks off after the head: read by the real transport, from a real socket. */
async function startBreakingServer() {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 300\r\n\r\n";
  const loopback = await serveTcp((socket) => {
    socket.once("data", () => socket.write(`${head}{"access_`, () => socket.resetAndDestroy()));
  });
  const transport = openTransport();
  const request = {
    method: "POST",
    url: `http://${loopback.host}/token`,
    headers: {},
    body: "grant_type=refresh_token",
  } as const;
  const play: Play = (act) => {
    act();
    return transport.send(request, { deadlineMs: 10 * SECOND });
  };
  return { play, connections: () => loopback.connections() };
}

test("econnreset-reading-token-response: an answer that breaks off may have been a success, and is asked for on another socket", async () => {
  const breaking = await startBreakingServer();
  const lenient = await openEngineStage({ server: { rotation: false } });
  const id = await lenient.connect();
  lenient.server.script(breaking.play, breaking.play);
  for (let attempt = 1; attempt <= 2; attempt++) {
    await expect(lenient.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "provider_unavailable" });
    expect(breaking.connections()).toBe(attempt);
    await lenient.clock.leap(4 * SECOND);
  }
  expect(lenient.observer.of("refresh.answer_lost").map(({ code }) => code)).toEqual(["reset", "reset"]);
  await expect(lenient.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(lenient.server)).toEqual(["refresh-1-1", "refresh-1-1", "refresh-1-1"]);
  await expectHealthy(lenient, id);

  const strict = await openEngineStage({ server: { reuse: "punished" } });
  const lostId = await strict.connect();
  strict.server.script(breaking.play);
  await expect(strict.refresh(lostId)).resolves.toMatchObject({ kind: "retry_later" });
  await strict.clock.leap(2 * MINUTE);
  await expect(strict.passing(MINUTE, strict.refresh(lostId))).resolves.toEqual({ kind: "ended" });
  expect(sentTo(strict.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
  await expectEnded(strict, lostId, { cause: "rotation_lost" });
});

test("token-endpoint-answers-302-temporarily: redirects for two minutes are waited out", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("microsoft"), server: { lifetimeSeconds: 3600 } });
  const ids = await Promise.all(Array.from({ length: 5 }, () => stage.connect()));
  stage.server.always(answers(302, ""));
  await stage.clock.leap(51 * MINUTE);
  stage.sweep.start();
  await stage.clock.advance(2 * MINUTE);
  for (const id of ids) {
    const { connection, lease, tokens } = await stage.held(id);
    expect(connection.status).not.toBe("reauthorization_required");
    expect(lease).toMatchObject({ cause: "provider_response_unrecognised" });
    expect(tokens.generation).toBe(1);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
  }
  stage.server.always(null);
  await stage.clock.advance(6 * MINUTE);
  for (const id of ids) await expectHealthy(stage, id);
  for (const id of ids) await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  expect(stage.clock.now() - (await stage.held(ids[0] ?? "")).connection.createdAt).toBeLessThan(HOUR);
});
