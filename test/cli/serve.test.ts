import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { ANY_PORT } from "./any-port.ts";
import { evergrant, startEvergrant, type Environment } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { listen } from "../stage/page-server.ts";

it("makes what is missing, prints the admin key once, and ends cleanly when told to", async () => {
  const environment = { EVERGRANT_DATA_DIR: temporaryFolder(), ...ANY_PORT };
  const key = await firstKey(environment);
  const again = startEvergrant(["serve"], environment);
  const [, url = ""] = await again.printed(/"url":"([^"]+)"/);
  const list = await evergrant(["connections", "list"], { EVERGRANT_URL: url, EVERGRANT_API_KEY: key });
  expect(list).toEqual({ code: EXIT.ok, stdout: "", stderr: expect.stringContaining("No connections.") });
  again.signal("SIGINT");
  const { code, stdout } = await again.ended;
  expect(code).toBe(EXIT.ok);
  expect(stdout).not.toContain("eg_admin_");
});

it("prints the admin key as JSON with --json", async () => {
  const service = startEvergrant(["serve", "--json"], { EVERGRANT_DATA_DIR: temporaryFolder(), ...ANY_PORT });
  await service.printed(/admin_key/);
  service.signal("SIGTERM");
  const { stdout } = await service.ended;
  expect(jsonLines(stdout)).toContainEqual({ admin_key: expect.stringMatching(/^eg_admin_/) });
});

it("exits with 3 for a setting that is wrong or unknown, and says which", async () => {
  const wrong = await evergrant(["serve"], { EVERGRANT_PORT: "many" });
  expect(wrong).toEqual({ code: EXIT.settings, stdout: "", stderr: "EVERGRANT_PORT: has to be a port number.\n" });
  const unknown = await evergrant(["serve"], { EVERGRANT_PROT: "4100" });
  expect(unknown.code).toBe(EXIT.settings);
  expect(unknown.stderr).toContain("EVERGRANT_PROT is not a setting.");
});

it("exits with 4 for a root key that is not the database's", async () => {
  const environment = { EVERGRANT_DATA_DIR: temporaryFolder(), ...ANY_PORT };
  await firstKey(environment);
  const other = await evergrant(["keys", "generate", "root"]);
  const outcome = await evergrant(["serve"], { ...environment, EVERGRANT_ROOT_KEY: other.stdout.trim() });
  expect(outcome.code).toBe(EXIT.key);
  expect(outcome.stderr).toContain("is not the one that sealed this database");
  expectOneSentence(outcome.stderr);
});

it("exits with 5 for a database file that is none", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "evergrant.db"), "this is not a database, and long enough to be sure of that");
  const outcome = await evergrant(["serve"], { EVERGRANT_DATA_DIR: folder, ...ANY_PORT });
  expect(outcome.code).toBe(EXIT.database);
  expect(outcome.stderr).toContain("is not an SQLite database");
  expectOneSentence(outcome.stderr);
});

it("exits with 6 for an address that is taken, and says so as JSON with --json", async () => {
  const port = await listen((_request, response) => response.end());
  const environment = { EVERGRANT_DATA_DIR: temporaryFolder(), EVERGRANT_PORT: String(port) };
  const outcome = await evergrant(["serve", "--json"], environment);
  expect(outcome.code).toBe(EXIT.address);
  expect(JSON.parse(outcome.stderr)).toEqual({
    error: { code: "address", detail: expect.stringContaining(`127.0.0.1:${port} (EADDRINUSE)`) },
  });
});

async function firstKey(environment: Environment): Promise<string> {
  const service = startEvergrant(["serve"], environment);
  const [, key = ""] = await service.printed(/shown this once: (eg_admin_\S+)\n/);
  service.signal("SIGTERM");
  expect((await service.ended).code).toBe(EXIT.ok);
  return key;
}

function expectOneSentence(stderr: string): void {
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
}
