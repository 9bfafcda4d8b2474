import { execFile, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../free-port.ts";
import { findPrograms, type Programs } from "./programs.ts";

const run = promisify(execFile);

/** A real PostgreSQL server in a temporary folder, on a loopback port. */
export interface PostgresServer {
  port: number;
  dataFolder: string;
  programs: Programs;
  /** Where one of its databases is, for the owner of all of them. */
  url: (database: string) => string;
  start(): Promise<void>;
  /** `fast` ends all sessions in an orderly way; `immediate` is a crash. */
  stop(how: "fast" | "immediate"): Promise<void>;
  /** Stops it, and leaves nothing behind. */
  remove(): Promise<void>;
}

export const OWNER = "evergrant";
export const PASSWORD = "postgres-password-canary";

export type ServerSettings = Readonly<Record<string, string>>;

/** Commits survive a crash of the server, but not one of the machine, which makes it fast. */
const SETTINGS: ServerSettings = {
  fsync: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "32MB",
  deadlock_timeout: "'100ms'",
  listen_addresses: "'127.0.0.1'",
  unix_socket_directories: "''",
  scram_iterations: "1",
};

/** Nothing of the caller's: PGDATA, PGPORT and the like would be taken for settings. */
const ENVIRONMENT = { PATH: process.env["PATH"], LC_ALL: "C" };

/** Makes an empty server and starts it. `settings` are further lines of postgresql.conf. */
export async function startPostgres(settings: ServerSettings = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "evergrant-postgres-"));
  try {
    chmodSync(folder, 0o755);
    const programs = await findPrograms(folder);
    const dataFolder = await initialise(folder, programs);
    const port = await freePort();
    configure(dataFolder, { ...SETTINGS, ...settings, port: `${port}` });
    const server = createServer({ folder, dataFolder, programs, port });
    await server.start();
    return server;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function initialise(folder: string, { initdb, user }: Programs): Promise<string> {
  const own = join(folder, "own");
  const dataFolder = join(own, "data");
  const passwordFile = join(own, "password");
  mkdirSync(own, { mode: 0o700 });
  writeFileSync(passwordFile, PASSWORD);
  if (user) for (const path of [own, passwordFile]) chownSync(path, user.uid, user.gid);
  const login = [`--username=${OWNER}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "-cscram_iterations=1"];
  // Sorted by the rules of a language, as on most servers: nothing may depend on the order of bytes.
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"];
  const args = [`--pgdata=${dataFolder}`, "--no-sync", "--no-instructions", ...login, ...locale];
  await run(initdb, args, { ...user, cwd: own, env: ENVIRONMENT });
  return dataFolder;
}

export function configure(dataFolder: string, settings: ServerSettings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(dataFolder, "postgresql.conf"), lines.join(""), { flag: "a" });
}

export interface ServerFiles {
  /** Goes when the server is removed. */
  folder: string;
  dataFolder: string;
  programs: Programs;
  port: number;
}

/** A server of files that are there; not started yet. */
export function createServer({ folder, dataFolder, programs, port }: ServerFiles): PostgresServer {
  let running: { process: ChildProcess; ended: Promise<unknown> } | null = null;

  async function start(): Promise<void> {
    const options = { ...programs.user, cwd: dataFolder, env: ENVIRONMENT };
    const child = spawn(programs.postgres, ["-D", dataFolder], { ...options, stdio: ["ignore", "ignore", "pipe"] });
    const abandon = (): void => {
      child.kill("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    };
    process.once("exit", abandon);
    const ended = new Promise((resolve) => child.once("close", resolve));
    running = { process: child, ended: ended.then(() => process.off("exit", abandon)) };
    await untilReady(child);
  }

  async function stop(how: "fast" | "immediate"): Promise<void> {
    running?.process.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
    await running?.ended;
    running = null;
  }

  return {
    port,
    dataFolder,
    programs,
    url: (database) => `postgres://${OWNER}:${PASSWORD}@127.0.0.1:${port}/${database}`,
    start,
    stop,
    remove: async () => {
      await stop("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Rejects with what the server said, when it ends instead. */
function untilReady(child: ChildProcess): Promise<void> {
  let said = "";
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/ready to accept (read-only )?connections/.test(said)) resolve();
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`PostgreSQL did not start:\n${said}`)));
  });
}
