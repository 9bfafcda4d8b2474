import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createScriptedUser, startSandbox, type Sandbox } from "@evergrant/sandbox";
import { createEvergrant } from "@evergrant/sdk";
import { expect, onTestFinished, test } from "vitest";
import { createService, StartError, type InProcessService } from "../../src/service/create-service.ts";
import { createApi, type Api } from "../stage/api.ts";
import { startPageServer } from "../stage/page-server.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

const EXAMPLE = fileURLToPath(new URL("../../build/examples/in-process/list-files.js", import.meta.url));

interface Application {
  service: InProcessService;
  sandbox: Sandbox;
  /** Calls the service's API without a socket. */
  api: Api;
  adminKey: string;
  environment: Record<string, string>;
  connectionId: string;
  log: string[];
}

/** An application with a server of its own that shows the service's pages, and one connected account. */
async function startApplication(): Promise<Application> {
  const sandbox = await startSandbox({ behaviour: { accessTokenLifetimeSeconds: 3600 } });
  onTestFinished(() => sandbox.close());
  const running: { service?: InProcessService } = {};
  const publicUrl = await startPageServer((request, response) => running.service?.listener(request, response));
  const environment = {
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_PUBLIC_URL: publicUrl,
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
  };
  const log: string[] = [];
  const service = await createService(environment, { log: { write: (line) => void log.push(line) } });
  onTestFinished(() => service.close().catch(() => undefined));
  running.service = service;
  const adminKey = service.newAdminKey?.reveal() ?? "";
  const api = createApi("http://in.process", adminKey, service.fetch);
  await api("PUT", "/v1/providers/sandbox", { issuer: sandbox.url, name: "Sandbox" });
  const scopes = ["files.read"];
  const made = await api("POST", "/v1/clients", { provider: "sandbox", client_id: "app", client_secret: "s3", scopes });
  await sandbox.control.putClient({ clientId: "app", clientSecret: "s3", redirectUris: [made.at("redirect_uri")] });
  const session = await api("POST", "/v1/connect-sessions", { client: made.at("id") });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const connected = await api("GET", `/v1/connect-sessions/${session.at("id")}`);
  return { service, sandbox, api, adminKey, environment, log, connectionId: connected.at("connection_id") };
}

test("an application runs the service inside itself: it connects, reads, refreshes and hears of a revocation", async () => {
  const { service, sandbox, api, adminKey, connectionId, log } = await startApplication();
  const files = async (token: string): Promise<number> => {
    const response = await fetch(`${sandbox.url}/api/files`, { headers: { authorization: `Bearer ${token}` } });
    await response.text();
    return response.status;
  };

  const first = await service.accessToken(connectionId);
  expect(await files(first.accessToken.reveal())).toBe(200);
  const newer = await service.rejected(connectionId, { generation: first.generation, status: 401 });
  expect(newer.generation).toBe(first.generation + 1);
  expect(await files(newer.accessToken.reveal())).toBe(200);

  const sdk = createEvergrant({ url: "http://in.process", apiKey: adminKey, fetch: service.fetch });
  const read = await sdk.connection(connectionId).accessToken();
  expect(read).toMatchObject({ accessToken: newer.accessToken.reveal(), generation: newer.generation });

  await sandbox.control.revokeUser("alice");
  await api("POST", `/v1/connections/${connectionId}/refresh`);
  await expect(service.accessToken(connectionId)).rejects.toMatchObject({
    code: "reauthorization_required",
    facts: { reauthorizationUrl: expect.stringContaining("/reauthorize/") },
  });
  expect((await api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({
    status: "reauthorization_required",
  });
  await service.close();
  expect(log.join("")).toContain("service.stopped");
  expect(log.join("")).not.toContain(newer.accessToken.reveal());
});

test("the package's own name leads to it, and the data that one application leaves is taken up by the next", async () => {
  const { service, sandbox, environment, connectionId } = await startApplication();
  await service.close();
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [EXAMPLE, connectionId, `${sandbox.url}/api/files?page_size=1`], {
    env: { PATH: process.env["PATH"], ...environment, EVERGRANT_LOG_LEVEL: "silent" },
  });
  expect(stdout).toMatch(/^200 \{"files":\[\{/);
});

test("a tenant's connections are its own, and unknown ones are not found", async () => {
  const { service, connectionId } = await startApplication();
  const elsewhere = service.accessToken(connectionId, { tenant: "ten_00000000000000000000000000" });
  await expect(elsewhere).rejects.toMatchObject({ code: "not_found" });
  await expect(service.accessToken("con_1")).rejects.toMatchObject({ code: "not_found" });
});

test("the API answers without a socket as it does with one, and a caller may stop waiting", async () => {
  const { service, api, adminKey } = await startApplication();
  expect((await api("GET", "/v1/nothing")).body).toMatchObject({ code: "not_found" });
  const head = await service.fetch("http://in.process/healthz", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const headers = { authorization: `Bearer ${adminKey}` };
  const gone = service.fetch("http://in.process/v1/connections", { headers, signal: AbortSignal.abort() });
  await expect(gone).rejects.toMatchObject({ name: "AbortError" });
  await expect(service.fetch("http://in.process/", { method: "PROPFIND" })).rejects.toThrow("no method PROPFIND");
});

test("what is wrong with the settings is said before anything is opened", async () => {
  const wrong = createService({ EVERGRANT_DATABASE_URL: "mysql://db" });
  await expect(wrong).rejects.toBeInstanceOf(StartError);
});
