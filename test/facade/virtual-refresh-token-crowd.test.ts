import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createScriptedUser } from "@evergrant/sandbox";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { HOUR } from "../../src/runtime/clock.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { LIBRARIES, type ClientToRefresh, type LibraryName } from "./children/libraries.mjs";
import { virtualClientOf } from "./virtual-stage.ts";

/** `npm run prove:virtual-refresh-tokens` takes 8 processes with 200 refreshes each. */
const PROCESSES = Number(process.env["PROCESSES"] ?? 3);
const REFRESHES = Number(process.env["REFRESHES"] ?? 20);
const TIMES = 5;
const ROUNDS = REFRESHES / TIMES;
const ALL = PROCESSES * REFRESHES;

const APPLICATION = fileURLToPath(new URL("children/application.mjs", import.meta.url));
const NAMES: LibraryName[] = ["simple-oauth2", "openid-client", "google-auth-library"];
const done = z.object({ failures: z.array(z.string()) });

interface Application {
  client: ClientToRefresh;
  refreshToken: string;
}

test(
  `${PROCESSES} processes share a virtual refresh token over expiries without a failure, and lose the provider's own`,
  { timeout: 600_000 },
  async () => {
    const stage = await openStage({ behaviour: { rotation: true, reuse: { kind: "revoke_family" } } });
    const crowd = startCrowd();
    for (const name of NAMES) {
      const direct = await connectDirectly(stage);
      const lost = await refreshAll({ stage, crowd, name, application: direct });
      stage.sandbox.control.resetCounts();
      const { connectionId } = await stage.connect();
      const { refreshToken, ...client } = await virtualClientOf(stage, connectionId);
      const virtual = { client: { ...client, issuer: stage.service.url }, refreshToken };
      const failed = await refreshAll({ stage, crowd, name, application: virtual });
      const { refreshRequests, refreshesRejected, reuseDetected } = stage.sandbox.control.counts();
      tell(`${name}: ${PROCESSES} processes, ${REFRESHES} refreshes each, ${ROUNDS} expiries`);
      tell(`  at the provider: ${lost.failures.length} of ${ALL} failed; connection ${lost.isOver ? "lost" : "kept"}`);
      tell(`  at Evergrant: ${failed.failures.length} of ${ALL} failed; ${refreshRequests} refreshes at the provider`);
      expect(lost).toMatchObject({ isOver: true });
      expect(lost.failures.length).toBeGreaterThan(ALL / 2);
      expect(failed).toEqual({ failures: [], isOver: false, kept: refreshToken });
      expect({ refreshesRejected, reuseDetected }).toEqual({ refreshesRejected: 0, reuseDetected: 0 });
      // One for each expiry of its connection; those of the libraries before are refreshed too.
      expect(refreshRequests).toBeGreaterThanOrEqual(ROUNDS);
      expect(refreshRequests).toBeLessThanOrEqual(ROUNDS * NAMES.length);
    }
  },
);

function tell(line: string): void {
  if (process.env["PROCESSES"] !== undefined) process.stdout.write(`${line}\n`);
}

function startCrowd(): ChildProcess[] {
  const crowd = Array.from({ length: PROCESSES }, () => fork(APPLICATION));
  onTestFinished(() => {
    for (const child of crowd) child.kill("SIGKILL");
  });
  return crowd;
}

interface Run {
  stage: Stage;
  crowd: readonly ChildProcess[];
  name: LibraryName;
  application: Application;
}

/** All begin each round at once, with an access token that has run out. */
async function refreshAll({ stage, crowd, name, application: { client, refreshToken } }: Run) {
  const file = `${temporaryFolder()}/refresh-token`;
  writeFileSync(file, refreshToken);
  const failures: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await stage.clock.leap(2 * HOUR);
    const task = { library: name, client, file, times: TIMES };
    const answers = await Promise.all(crowd.map((child) => ask(child, task)));
    failures.push(...answers.flat());
  }
  const kept = readFileSync(file, "utf8");
  const refresh = await LIBRARIES[name](client);
  const isOver = await refresh(kept).then(
    () => false,
    () => true,
  );
  return { failures, isOver, kept };
}

async function ask(child: ChildProcess, task: object): Promise<string[]> {
  const listening = new AbortController();
  const answered = once(child, "message", listening);
  const ended = once(child, "exit", listening).then(() => Promise.reject(new Error("A process has ended.")));
  child.send(task);
  const [message] = await Promise.race([answered, ended]);
  listening.abort();
  return done.parse(message).failures;
}

/** The code flow without a service in between: the application has the provider's refresh token. */
async function connectDirectly({ sandbox }: Stage): Promise<Application> {
  const redirectUri = `${await startPageServer()}/callback`;
  const [clientId, clientSecret] = ["on-its-own", "secret-of-its-own"];
  await sandbox.control.putClient({ clientId, clientSecret, redirectUris: [redirectUri] });
  const scope = "openid offline_access files.read";
  const asked = { client_id: clientId, response_type: "code", redirect_uri: redirectUri, scope, prompt: "consent" };
  const landed = await createScriptedUser({ user: "bob" }).visit(
    `${sandbox.url}/authorize?${new URLSearchParams(asked).toString()}`,
  );
  const tokenUrl = `${sandbox.url}/token`;
  const answer = await fetch(tokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: new URL(landed.url).searchParams.get("code") ?? "",
      redirect_uri: redirectUri,
      client_id: clientId,
      client_secret: clientSecret,
    }),
  });
  const { refresh_token: refreshToken } = z.object({ refresh_token: z.string() }).parse(await answer.json());
  return { client: { tokenUrl, issuer: sandbox.url, clientId, clientSecret }, refreshToken };
}
