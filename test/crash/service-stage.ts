import { randomBytes } from "node:crypto";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintKey } from "../../dist/access/api-key.js";
import { openKeyring, type Keyring } from "../../dist/keyring/keyring.js";
import { generateRootKey, parseRootKey } from "../../dist/keyring/root-key.js";
import { systemClock, systemRandom } from "../../dist/service/system.js";
import { createKeyStore } from "../../dist/store/keys.js";
import { startCluster, type Cluster } from "./cluster.ts";
import { createDatabase, type DatabaseKind, type SharedDatabase } from "./database.ts";

/** Real processes over one database, which the proof can look into as deep as they can. */
export interface ServiceStage {
  shared: SharedDatabase;
  cluster: Cluster;
  /** Opens and makes what the processes seal. */
  keyring: Keyring;
  adminKey: string;
  /** Data directories of the processes; one, unless they were to have their own. */
  dataDirs: string[];
  /** Where everything is, the log of all processes included. */
  folder: string;
  /** `keepFiles` leaves the folder to whoever looks into it. */
  close(keepFiles?: boolean): Promise<void>;
}

export interface ServiceOptions {
  database: DatabaseKind | SharedDatabase;
  processes: number;
  /** Each process on a host of its own, as far as processes can tell: none sees another's journal. */
  apart?: boolean;
  /** Settings of all processes, besides those that a stage needs. */
  settings?: Readonly<Record<string, string>>;
  /** Called with the database before the first process starts. */
  prepare?: (shared: SharedDatabase) => Promise<void>;
}

export async function openServiceStage(options: ServiceOptions): Promise<ServiceStage> {
  const { database, processes, apart = false, settings = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "evergrant-crash-"));
  const shared = typeof database === "string" ? await createDatabase(database, folder) : database;
  const rootKey = generateRootKey(systemRandom).reveal();
  const rootKeyFile = join(folder, "root.key");
  writeFileSync(rootKeyFile, rootKey, { mode: 0o600 });
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  const keyring = await openKeyringOf(shared, rootKey);
  await options.prepare?.(shared);
  const dataDirs = Array.from({ length: apart ? processes : 1 }, (_, place) => join(folder, `data-${place}`));
  for (const path of dataDirs) mkdirSync(path);
  const log = createWriteStream(join(folder, "service.log"));
  const cluster = await startCluster({
    processes,
    adminKey,
    log: (line) => void log.write(`${line}\n`),
    environment: (place) => ({
      EVERGRANT_DATABASE_URL: shared.url,
      EVERGRANT_DATA_DIR: dataDirs[apart ? place : 0] ?? "",
      EVERGRANT_ROOT_KEY_FILE: rootKeyFile,
      EVERGRANT_PORT: "0",
      EVERGRANT_PUBLIC_URL: "http://localhost",
      EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
      // All callers have one key.
      EVERGRANT_RATE_LIMIT: "1000000",
      ...settings,
    }),
  });
  const close = async (keepFiles = false): Promise<void> => {
    await cluster.stop();
    log.end();
    await shared.close();
    if (!keepFiles) rmSync(folder, { recursive: true, force: true });
  };
  return { shared, cluster, keyring, adminKey, dataDirs, folder, close };
}

async function openKeyringOf({ database }: SharedDatabase, rootKey: string): Promise<Keyring> {
  const root = parseRootKey(rootKey);
  if (!root) throw new Error("The new root key is none.");
  const keys = createKeyStore(database, () => randomBytes(16).toString("hex"));
  return openKeyring({ keys, roots: { primary: root, others: [] }, random: systemRandom, clock: systemClock });
}
