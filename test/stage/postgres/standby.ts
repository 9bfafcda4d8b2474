import { chownSync, cpSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Client } from "pg";
import { freePort } from "../free-port.ts";
import { administer } from "./administer.ts";
import { configure, createServer, OWNER, PASSWORD, type PostgresServer } from "./server.ts";

export interface Standby extends PostgresServer {
  /** Makes it a primary, which takes writes when this resolves. */
  promote(): Promise<void>;
}

/** What is in a primary's folder for its own run only. */
const ITS_OWN = new Set(["postmaster.pid", "postmaster.opts"]);

/**
 * Starts a second server that follows `primary`. `synchronous`: from then on no commit at the primary counts before the standby has
 * it, so that promoting the standby loses nothing.
 */
export async function addStandby(primary: PostgresServer, follow: "synchronous" | "asynchronous"): Promise<Standby> {
  const folder = mkdtempSync(join(tmpdir(), "evergrant-standby-"));
  const dataFolder = join(folder, "data");
  const port = await freePort();
  await copyRunning(primary, dataFolder);
  const { port: from, programs } = primary;
  const conninfo = `host=127.0.0.1 port=${from} user=${OWNER} password=${PASSWORD} application_name=standby`;
  configure(dataFolder, { port: `${port}`, primary_conninfo: `'${conninfo}'` });
  writeFileSync(join(dataFolder, "standby.signal"), "");
  if (programs.user) giveAll(folder, programs.user);
  const server = createServer({ folder, dataFolder, programs, port });
  await server.start();
  if (follow === "synchronous") await waitForStandby(primary);
  return { ...server, promote: async () => void (await administer(server.url("postgres"), "select pg_promote()")) };
}

/** An online backup by copying files, which needs what `pg_backup_stop` says at its end. */
async function copyRunning({ url, dataFolder: from }: PostgresServer, to: string): Promise<void> {
  const client = new Client(url("postgres"));
  await client.connect();
  try {
    await client.query("select pg_backup_start('standby', true)");
    cpSync(from, to, { recursive: true, filter: (path) => !ITS_OWN.has(basename(path)) });
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    writeFileSync(join(to, "backup_label"), rows[0]?.labelfile ?? "");
  } finally {
    await client.end();
  }
}

function giveAll(folder: string, { uid, gid }: { uid: number; gid: number }): void {
  chownSync(folder, uid, gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    chownSync(join(folder, name), uid, gid);
}

async function waitForStandby({ url }: PostgresServer): Promise<void> {
  await administer(url("postgres"), "alter system set synchronous_standby_names = 'standby'");
  await administer(url("postgres"), "select pg_reload_conf()");
  const inStep = "select 1 from pg_stat_replication where sync_state = 'sync'";
  while ((await administer(url("postgres"), inStep)).length === 0);
}
