import { closeSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openStage } from "../stage/stage.ts";
import { openRaw } from "../stage/raw-database.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { ANY_PORT } from "./any-port.ts";
import { evergrant, type Environment } from "./evergrant.ts";
import { listen } from "../stage/page-server.ts";
import { serviceEnvironment } from "./stage-environment.ts";

describe("before the first start", () => {
  it("finds everything fine and makes nothing", async () => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await doctor({ EVERGRANT_DATA_DIR: join(folder, "data"), ...ANY_PORT });
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    expect(stdout).toMatch(/^✓ database +\S+evergrant.db will be made at the first start$/m);
    expect(stdout).toMatch(/^✓ root key +\S+root.key will be made at the first start$/m);
    expect(stdout).toMatch(/^✓ disk space +\d+ MiB free for /m);
    expect(stdout).toMatch(/^✓ provider +no client uses one yet/m);
    expect(stdout).not.toMatch(/[!✗]/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("misses a root key file that a setting names", async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await doctor({
      EVERGRANT_DATA_DIR: folder,
      ...ANY_PORT,
      EVERGRANT_ROOT_KEY_FILE: join(folder, "my.key"),
    });
    expect(code).toBe(EXIT.key);
    expect(stdout).toMatch(/^✗ root key +The root key file \S+my\.key is missing$/m);
  });
});

describe("beside a running service", () => {
  it("finds everything fine", async () => {
    const stage = await openStage();
    await stage.connect();
    const { code, stdout } = await doctor(serviceEnvironment(stage));
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^✓ database +\S+ is sound$/m);
    expect(stdout).toMatch(/^✓ root key +fingerprint [0-9a-f]{16}; it opens this database$/m);
    expect(stdout).toMatch(/^✓ address +the service answers at 127\.0\.0\.1:\d+$/m);
    expect(stdout).toMatch(/^✓ provider +sandbox \(127\.0\.0\.1:\d+\) is reachable$/m);
    expect(stdout).toMatch(/^✓ clock +agrees with 127\.0\.0\.1:\d+ to 1 s$/m);
  });

  it("prints one document with --json", async () => {
    const stage = await openStage();
    const { stdout } = await doctor(serviceEnvironment(stage), "--json");
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      findings: expect.arrayContaining([{ kind: "fine", check: "database", found: expect.any(String) }]),
    });
  });
});

describe("when the service has stopped", () => {
  it("leaves no file behind and says that the address is free", async () => {
    const stage = await openStage();
    await stage.service.close();
    const before = readdirSync(stage.settings.dataDir);
    const { code, stdout } = await doctor(serviceEnvironment(stage));
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^✓ address +127\.0\.0\.1:\d+ is free; the service is not running$/m);
    expect(readdirSync(stage.settings.dataDir)).toEqual(before);
    await stage.restart();
  });

  it("misses the root key of a database that was sealed", async () => {
    const stage = await openStage();
    rmSync(join(stage.settings.dataDir, "root.key"));
    const { code, stdout } = await doctor(serviceEnvironment(stage));
    expect(code).toBe(EXIT.key);
    expect(stdout).toMatch(/^✗ root key +The root key file \S+ is missing\n +→ Put the key back/m);
    expect(readdirSync(stage.settings.dataDir)).not.toContain("root.key");
  });

  it("knows a root key that is not the database's", async () => {
    const stage = await openStage();
    const other = await evergrant(["keys", "generate", "root"]);
    const environment = { ...serviceEnvironment(stage), EVERGRANT_ROOT_KEY: other.stdout.trim() };
    const { code, stdout } = await doctor(environment);
    expect(code).toBe(EXIT.key);
    expect(stdout).toMatch(/^✗ root key +This root key .* is not the one that sealed this database/m);
    expect(stdout).not.toContain(other.stdout.trim());
  });
});

describe("settings", () => {
  it.each([
    ["malformed", { EVERGRANT_PORT: "many" }, "EVERGRANT_PORT"],
    ["unknown", { EVERGRANT_PROT: "1" }, "EVERGRANT_PROT is not a setting"],
    ["an admin key that is none", { EVERGRANT_ADMIN_KEY: "letmein" }, "EVERGRANT_ADMIN_KEY is not an API key"],
  ])("%s: exits with 3", async (_name, environment, found) => {
    const { code, stdout } = await doctor(environment);
    expect(code).toBe(EXIT.settings);
    expect(stdout).toContain("✗ settings");
    expect(stdout).toContain(found);
    expect(stdout).not.toContain("letmein");
  });
});

describe("the database", () => {
  it("that is no database exits with 5, and what hangs on it is not checked", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "evergrant.db"), "this is not a database, and long enough to be sure of that");
    const { code, stdout } = await doctor({ EVERGRANT_DATA_DIR: folder, ...ANY_PORT });
    expect(code).toBe(EXIT.database);
    expect(stdout).toMatch(/^✗ database +\S+: The database file is not an SQLite database\n +→ Point EVERGRANT_/m);
    expect(stdout).toMatch(/^! root key +not checked/m);
    expect(stdout).toMatch(/^! provider +not checked/m);
  });

  it("that is damaged exits with 5", async () => {
    const stage = await openStage();
    await stage.service.close();
    damage(join(stage.settings.dataDir, "evergrant.db"));
    const { code, stdout } = await doctor(serviceEnvironment(stage));
    expect(code).toBe(EXIT.database);
    expect(stdout).toMatch(/^✗ database .*damaged/m);
    expect(stdout).toContain("→ Stop the service and restore a backup.");
  });

  it("of another program is refused, and stays as it is", async () => {
    const folder = temporaryFolder();
    const other = openRaw(join(folder, "evergrant.db"));
    other.exec("create table songs (title text)");
    other.close();
    const { code, stdout } = await doctor({ EVERGRANT_DATA_DIR: folder, ...ANY_PORT });
    expect(code).toBe(EXIT.database);
    expect(stdout).toMatch(/^✗ database +\S+ belongs to another program\n +→ Point EVERGRANT_DATABASE_URL/m);
    const after = openRaw(join(folder, "evergrant.db"), { readonly: true });
    expect(after.value("select group_concat(name) from sqlite_master")).toBe("songs");
    after.close();
  });
});

it("warns of a client's secret that ends soon, and says how to change it", async () => {
  const stage = await openStage();
  const expiresAt = new Date(Date.now() + 9 * 86_400_000).toISOString();
  const made = await stage.api("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: "x",
    client_secret: "s",
    secret_expires_at: expiresAt,
  });
  const { stdout } = await doctor(serviceEnvironment(stage));
  const line = new RegExp(
    `^! client secret +sec_\\w+ of ${made.at("id")} ends at ${expiresAt}\n +→ .*secrets rotate`,
    "m",
  );
  expect(stdout).toMatch(line);
});

describe("the address", () => {
  it("where something else listens exits with 6", async () => {
    const port = await listen((_request, response) => response.end("<h1>Welcome</h1>"));
    const environment = { EVERGRANT_DATA_DIR: temporaryFolder(), EVERGRANT_PORT: String(port) };
    const { code, stdout } = await doctor(environment);
    expect(code).toBe(EXIT.address);
    expect(stdout).toMatch(
      /^✗ address +something that is not Evergrant listens on .*\n +→ Choose another EVERGRANT_PORT/m,
    );
  });

  it("that is not this machine's exits with 6", async () => {
    const environment = { EVERGRANT_DATA_DIR: temporaryFolder(), EVERGRANT_HOST: "192.0.2.1", ...ANY_PORT };
    const { code, stdout } = await doctor(environment);
    expect(code).toBe(EXIT.address);
    expect(stdout).toMatch(/^✗ address +cannot listen on 192\.0\.2\.1:0 \(EADDRNOTAVAIL\)$/m);
  });
});

function doctor(environment: Environment, ...args: string[]) {
  return evergrant(["doctor", ...args], environment);
}

/** Overwrites everything behind the first page, where the header and the list of tables are. */
function damage(path: string): void {
  const page = 4096;
  const junk = Buffer.alloc(statSync(path).size - page, 0x5a);
  const file = openSync(path, "r+");
  writeSync(file, junk, 0, junk.length, page);
  closeSync(file);
}
