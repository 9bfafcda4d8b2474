import { fork, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startSandbox, type Sandbox } from "@evergrant/sandbox";
import { createManagement, type Management } from "./management.ts";
import type { WorkerMessage } from "./messages.ts";
import { createNarrator } from "./narrator.ts";
import { createServiceProcess } from "./service-process.ts";
import { connectFirstAccount, connectLink, setUp, signIn } from "./set-up.ts";
import { readState, writeState } from "./state.ts";

/**
 * `npm start`: the service, a sandbox to connect to, and two sync workers, with tokens that live 15 seconds, rotate, and cost
 * the whole connection when an old one is used twice.
 */
const dataDir = resolve(process.env["EVERGRANT_DATA_DIR"] ?? "./data");
const port = process.env["EVERGRANT_PORT"] ?? "4100";
const sandboxPort = Number(process.env["SANDBOX_PORT"] ?? "4101");
const serviceUrl = `http://127.0.0.1:${port}`;
const stateFile = join(dataDir, "demo.json");
const WORKER = fileURLToPath(new URL("worker.js", import.meta.url));
const HELP = `type r revoke · l sign in again · b break the provider · h heal it · s restart · k kill -9 · c connect link · q quit`;

const narrator = createNarrator();
const firstState = readState(stateFile);
const service = createServiceProcess({
  environment: {
    EVERGRANT_DATA_DIR: dataDir,
    EVERGRANT_PORT: port,
    // The sandbox is a server inside one's own network; without this no request would reach it.
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
    EVERGRANT_ADMIN_KEY: firstState.adminKey,
  },
  onLog: (line) => narrator.log(line),
});
const workers: ChildProcess[] = [];
let stopping = false;

try {
  await run();
} catch (error) {
  process.stderr.write(`The demonstration stops: ${error instanceof Error ? error.message : "unknown error"}\n`);
  await service.stop();
  process.exit(1);
}

async function run(): Promise<void> {
  const sandbox = await startSandbox({
    port: sandboxPort,
    dataFile: join(dataDir, "sandbox.db"),
    behaviour: { accessTokenLifetimeSeconds: 15, rotation: true, reuse: { kind: "revoke_family" } },
  }).catch((error: unknown) => {
    throw new Error(`the sandbox cannot listen on port ${sandboxPort}; set SANDBOX_PORT to a free one`, {
      cause: error,
    });
  });
  await service.start();
  const management = createManagement(serviceUrl, firstState.adminKey);
  const state = await setUp(management, sandbox, firstState);
  writeState(stateFile, state);
  const { clientId = "", workerKey = "" } = state;
  await connectFirstAccount(management, clientId);
  for (const name of ["worker 1", "worker 2"]) workers.push(startWorker(name, workerKey, sandbox));
  narrator.say("ready", `service ${serviceUrl}, sandbox ${sandbox.url}, data in ${dataDir}`, "cyan");
  narrator.say("dashboard", `${serviceUrl}/dashboard/, the key to sign in is in ${stateFile}`, "cyan");
  narrator.say("connect", await connectLink(management, clientId), "cyan");
  narrator.say("keys", HELP, "cyan");
  setInterval(summarise, 30_000);
  const actions = actionsFor(management, sandbox, clientId);
  createInterface({ input: process.stdin }).on("line", (line) => void act(actions, line.trim()));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop(sandbox));
}

function startWorker(name: string, workerKey: string, sandbox: Sandbox): ChildProcess {
  const worker = fork(WORKER, {
    env: {
      PATH: process.env["PATH"],
      EVERGRANT_URL: serviceUrl,
      EVERGRANT_API_KEY: workerKey,
      FILES_API_URL: `${sandbox.url}/api`,
    },
  });
  worker.on("message", (message) => narrator.worker(name, message as WorkerMessage));
  worker.on("exit", () => {
    if (!stopping) narrator.say("failed", `${name} has ended`, "red");
  });
  return worker;
}

function summarise(): void {
  const { syncs, failed, delayed } = narrator.summary();
  narrator.say("workers", `${syncs} syncs so far, ${failed} failed, ${delayed} delayed`);
}

type Actions = Readonly<Record<string, () => Promise<void> | void>>;

function actionsFor(management: Management, sandbox: Sandbox, clientId: string): Actions {
  return {
    r: async () => {
      await sandbox.control.revokeUser("alice");
      narrator.say("revoked", "alice has taken back her consent at the sandbox", "yellow");
    },
    l: async () => {
      const link = narrator.signInLink();
      if (link === null) return narrator.say("sign in", "nobody has to");
      await signIn(link);
    },
    b: () => {
      sandbox.control.change({ tokenEndpointFault: { kind: "status", status: 503 } });
      narrator.say("broken", "the sandbox's token endpoint answers 503 from now on", "yellow");
    },
    h: () => {
      sandbox.control.change({ tokenEndpointFault: null });
      narrator.say("healed", "the sandbox's token endpoint works again", "green");
    },
    s: async () => {
      await service.stop();
      await service.start();
      narrator.say("restarted", "the service, in order", "cyan");
    },
    k: async () => {
      await service.killAndStart();
      narrator.say("killed", "the service with kill -9, and started another", "cyan");
    },
    c: async () => narrator.say("connect", await connectLink(management, clientId), "cyan"),
    q: () => stop(sandbox),
  };
}

async function act(actions: Actions, key: string): Promise<void> {
  const action = actions[key];
  if (!action) return narrator.say("keys", HELP, "cyan");
  try {
    await action();
  } catch (error) {
    narrator.say("failed", error instanceof Error ? error.message : "unknown error", "red");
  }
}

async function stop(sandbox: Sandbox): Promise<void> {
  if (stopping) return;
  stopping = true;
  summarise();
  for (const worker of workers) worker.kill("SIGTERM");
  await service.stop();
  await sandbox.close();
  process.exit(0);
}
