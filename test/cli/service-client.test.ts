import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { freePort } from "../stage/free-port.ts";
import { openStage } from "../stage/stage.ts";
import { evergrant, type Environment } from "./evergrant.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { listen } from "../stage/page-server.ts";
import { clientEnvironment } from "./stage-environment.ts";

const LIST = ["connections", "list"];

describe("the API key", () => {
  it("missing exits with 8 and says where to get one", async () => {
    const outcome = await evergrant(LIST);
    expect(outcome.code).toBe(EXIT.unauthorized);
    expect(outcome.stderr).toContain("EVERGRANT_API_KEY is not set.");
    expect(outcome.stderr).toContain("POST /v1/api-keys");
  });

  it("malformed exits with 8, is not repeated and not sent", async () => {
    const requests: unknown[] = [];
    const port = await listen((request, response) => {
      requests.push(request.url);
      response.end();
    });
    const environment = { EVERGRANT_URL: `http://127.0.0.1:${port}`, EVERGRANT_API_KEY: "the-password-of-something" };
    const outcome = await evergrant(LIST, environment);
    expect(outcome.code).toBe(EXIT.unauthorized);
    expect(outcome.stderr).not.toContain("the-password");
    expect(requests).toEqual([]);
  });

  it("is read from a file that only its owner can read, and the variable goes before it", async () => {
    const stage = await openStage();
    const { EVERGRANT_API_KEY: key = "", ...environment } = clientEnvironment(stage);
    const file = join(temporaryFolder(), "key");
    const run = (more: Environment) => evergrant(LIST, { ...environment, EVERGRANT_API_KEY_FILE: file, ...more });
    const missing = await run({});
    expect(missing.code).toBe(EXIT.unauthorized);
    expect(missing.stderr).toContain("The file in EVERGRANT_API_KEY_FILE cannot be read (ENOENT).");
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
    expect((await run({})).code).toBe(EXIT.ok);
    expect((await run({ EVERGRANT_API_KEY: await someKey() })).code).toBe(EXIT.unauthorized);
    for (const mode of [0o640, 0o604]) {
      chmodSync(file, mode);
      const shared = await run({});
      expect(shared.code).toBe(EXIT.unauthorized);
      expect(shared.stderr).toContain("chmod 600");
    }
    chmodSync(file, 0o600);
    writeFileSync(file, "the-password-of-something".repeat(1000));
    const malformed = await run({});
    expect(malformed.code).toBe(EXIT.unauthorized);
    expect(malformed.stderr).toContain("EVERGRANT_API_KEY_FILE holds no API key.");
    expect(malformed.stderr).not.toContain("the-password");
    // Whoever mixes the two up has put the key itself there.
    const mixedUp = await run({ EVERGRANT_API_KEY_FILE: key });
    expect(mixedUp.code).toBe(EXIT.unauthorized);
    expect(mixedUp.stderr).not.toContain(key);
  });

  it("of another service exits with 8", async () => {
    const stage = await openStage();
    const outcome = await evergrant(LIST, { ...clientEnvironment(stage), EVERGRANT_API_KEY: await someKey() });
    expect(outcome.code).toBe(EXIT.unauthorized);
    expect(outcome.stderr).toContain("Set EVERGRANT_API_KEY to a key that this service made");
  });

  it("without the scope exits with 8 and names the scope", async () => {
    const stage = await openStage();
    const made = await stage.api("POST", "/v1/api-keys", { name: "reader", scopes: ["token:read"] });
    const environment = { ...clientEnvironment(stage), EVERGRANT_API_KEY: made.at("key") };
    const outcome = await evergrant([...LIST, "--json"], environment);
    expect(outcome.code).toBe(EXIT.unauthorized);
    expect(JSON.parse(outcome.stderr)).toEqual({
      error: expect.objectContaining({ code: "forbidden", detail: expect.stringContaining("connections:read") }),
    });
  });
});

describe("the service's address", () => {
  it("where nothing listens exits with 7 and asks whether the service runs", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const environment = { EVERGRANT_API_KEY: await someKey() };
    const outcome = await evergrant([...LIST, "--url", url], environment);
    expect(outcome.code).toBe(EXIT.unavailable);
    expect(outcome.stderr).toContain(`No answer from ${url} (ECONNREFUSED). Is the service running?`);
    const json = await evergrant([...LIST, "--url", url, "--json"], environment);
    expect(JSON.parse(json.stderr)).toEqual({ error: expect.objectContaining({ code: "unreachable" }) });
  });

  it("takes --url over EVERGRANT_URL", async () => {
    const stage = await openStage();
    const environment = { ...clientEnvironment(stage), EVERGRANT_URL: `http://127.0.0.1:${await freePort()}` };
    expect((await evergrant([...LIST, "--url", `${stage.settings.publicUrl}/`], environment)).code).toBe(EXIT.ok);
  });

  it("malformed exits with 2 and is not repeated", async () => {
    const environment = { EVERGRANT_API_KEY: await someKey(), EVERGRANT_URL: "http://me:canary@127.0.0.1" };
    const outcome = await evergrant(LIST, environment);
    expect(outcome.code).toBe(EXIT.usage);
    expect(outcome.stderr).not.toContain("canary");
  });

  it("of something else exits with 1, or with 7 when that is out of order", async () => {
    const answers = [200, 404, 302, 502];
    const port = await listen((_request, response) => {
      response.writeHead(answers.shift() ?? 200, { "content-type": "text/html", location: "http://127.0.0.1:9/" });
      response.end("<h1>Welcome</h1>");
    });
    const environment = { EVERGRANT_URL: `http://127.0.0.1:${port}`, EVERGRANT_API_KEY: await someKey() };
    for (const code of [EXIT.failed, EXIT.failed, EXIT.failed, EXIT.unavailable]) {
      const outcome = await evergrant(LIST, environment);
      expect(outcome.code).toBe(code);
      expect(outcome.stderr).toContain("is not one of Evergrant's");
    }
  });
});

describe("misuse", () => {
  it.each([
    ["an unknown command", ["conections"], "Did you mean connections?"],
    ["an unknown option", ["token", "con_1", "--fast"], "--fast"],
    ["a missing argument", ["token"], "connection"],
    ["a number out of bounds", ["token", "con_1", "--min-ttl", "100000"], "from 0 to 86400"],
    ["no number", [...LIST, "--limit", "few"], "a whole number"],
    ["an unknown status", [...LIST, "--status", "happy"], "reauthorization_required"],
  ])("%s exits with 2", async (_name, args, text) => {
    const outcome = await evergrant(args);
    expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: EXIT.usage, stdout: "" });
    expect(outcome.stderr).toContain(text);
    const json = await evergrant([...args, "--json"]);
    expect(JSON.parse(json.stderr)).toEqual({
      error: { code: "usage", detail: expect.stringContaining(text), next: expect.stringContaining("--help") },
    });
  });

  it("that only the service can see exits with 2 as well", async () => {
    const stage = await openStage();
    const outcome = await evergrant([...LIST, "--client", "c".repeat(200)], clientEnvironment(stage));
    expect(outcome.code).toBe(EXIT.usage);
    expect(outcome.stderr).toContain("client");
  });
});

async function someKey(): Promise<string> {
  const { stdout } = await evergrant(["keys", "generate", "admin"]);
  return stdout.trim();
}
