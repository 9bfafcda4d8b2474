import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { help, readCommandLine } from "../src/command-line.ts";
import { describeEvent } from "../src/sandbox-event.ts";
import { clientId, clientSecret, connectedClient, tokensIn } from "./connected-client.ts";
import { startCallback } from "./site.ts";

/** Runs the built command: `npm test` builds before it tests. */
function run(...args: string[]) {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += chunk));
  child.stderr.on("data", (chunk) => (said.err += chunk));
  const ended = once(child, "close");
  return { child, said, ended };
}

async function urlOf(said: { out: string }): Promise<string> {
  await expect.poll(() => said.out, { timeout: 10_000 }).toContain("\n");
  return /^sandbox at (\S+), control API at \S+\/control\n/.exec(said.out)?.[1] ?? said.out;
}

test("runs, says where, tells what it serves without a token, and stops on a signal", async () => {
  const redirectUri = await startCallback();
  const client = `${clientId}:secret:${redirectUri}`;
  const { child, said, ended } = run("--port", "0", "--client", client, "--verbose");
  const url = await urlOf(said);
  const http = connectedClient(url, redirectUri);
  const { url: back } = await http.authorize();
  const code = new URL(back).searchParams.get("code") ?? "";
  await http.token({ grant_type: "authorization_code", code, client_id: clientId, client_secret: "wrong" }, {});

  const stopped = performance.now();
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(performance.now() - stopped).toBeLessThan(1000);
  expect(said.err).toBe("");
  expect(said.out.split("\n").slice(1)).toEqual([
    "alice signed in",
    "alice chose to allow",
    `token request (authorization_code) by ${clientId} for alice`,
    "token answer (authorization_code) 401 for alice",
    "",
  ]);
});

test("tokens it gave are still good after kill -9", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sandbox-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const redirectUri = await startCallback();
  const args = ["--port", "0", "--data-file", join(folder, "data.sqlite")];
  const first = run(...args);
  const url = await urlOf(first.said);
  const before = connectedClient(url, redirectUri);
  const body = JSON.stringify({ client_secret: clientSecret, redirect_uris: [redirectUri] });
  await fetch(`${url}/control/clients/${clientId}`, { method: "PUT", body });
  const { refreshToken } = await before.connect();
  const live = tokensIn(await before.refresh(refreshToken));
  first.child.kill("SIGKILL");
  await first.ended;

  const second = run(...args);
  const after = connectedClient(await urlOf(second.said), redirectUri);
  expect((await after.api("/api/files", live.accessToken)).status).toBe(200);
  expect((await after.refresh(live.refreshToken)).status).toBe(200);
  expect((await after.refresh(refreshToken)).status).toBe(400);
});

test("a wrong flag is one line and exit code 2", async () => {
  const { said, ended } = run("--reuse", "forgive");
  expect(await ended).toEqual([2, null]);
  expect(said).toEqual({
    out: "",
    err: "evergrant-sandbox: --reuse takes accept:<seconds>, error or revoke_family\n",
  });
});

test("reads every flag", () => {
  const args = ["--port", "0", "--host", "::1", "--data-file", "x", "--access-token-lifetime", "5", "--no-rotation"];
  args.push("--reuse", "accept:30", "--no-offline-access-required", "--verbose");
  args.push("--client", "a:s:http://h/1", "--client", "a:s:http://h:8/2", "--client", "b:t:http://h/3");
  expect(readCommandLine(args)).toEqual({
    kind: "run",
    verbose: true,
    options: {
      port: 0,
      host: "::1",
      dataFile: "x",
      clients: [
        { clientId: "a", clientSecret: "s", redirectUris: ["http://h/1", "http://h:8/2"] },
        { clientId: "b", clientSecret: "t", redirectUris: ["http://h/3"] },
      ],
      behaviour: {
        accessTokenLifetimeSeconds: 5,
        rotation: false,
        reuse: { kind: "accept", seconds: 30 },
        offlineAccessRequired: false,
      },
    },
  });
  expect(readCommandLine(["--help"])).toEqual({ kind: "help" });
});

test("the help names every flag", () => {
  const flags = ["port", "host", "data-file", "client", "access-token-lifetime", "no-rotation", "reuse", "verbose"];
  for (const flag of [...flags, "no-offline-access-required", "help"]) expect(help).toContain(`--${flag}`);
});

test.each([
  ["--port", "x"],
  ["--port", "70000"],
  ["--client", "a:b"],
  ["--access-token-lifetime", "-1"],
  ["--nothing"],
])("refuses %s %s", (...args) => {
  expect(readCommandLine(args)).toMatchObject({ kind: "wrong" });
});

test("an event about strangers names nobody", () => {
  const event = { kind: "token_request", grant: "other", clientId: null, user: null } as const;
  expect(describeEvent(event)).toBe("token request (other) by an unknown client for nobody known");
});
