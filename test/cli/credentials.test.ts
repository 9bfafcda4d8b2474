import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

/** A stage with a connection, and a key that may only read tokens, as an application has it. */
async function setUp() {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const made = await stage.api("POST", "/v1/api-keys", { name: "app", scopes: ["token:read"] });
  const key = made.at("key");
  const environment = { ...clientEnvironment(stage), EVERGRANT_API_KEY: key };
  const credentials = (...args: string[]) => evergrant(["credentials", ...args], environment);
  return { stage, connectionId, key, credentials, folder: temporaryFolder() };
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("credentials google", () => {
  it("writes credentials without a secret, and the key beside them, for their owner alone", async () => {
    const { stage, connectionId, key, credentials, folder } = await setUp();
    const [file, keyFile] = [join(folder, "google.json"), join(folder, "google.key")];
    const { code, stdout, stderr } = await credentials("google", connectionId, "--out", file);
    expect([code, stdout]).toEqual([EXIT.ok, `${file}\n`]);
    expect(stdout + stderr).not.toContain(key);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      type: "external_account",
      audience: connectionId,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_url: `${stage.settings.publicUrl}/oauth/token`,
      credential_source: { file: keyFile, format: { type: "text" } },
    });
    expect(readFileSync(keyFile, "utf8")).toBe(key);
    expect([modeOf(file), modeOf(keyFile)]).toEqual([0o600, 0o600]);
  });

  it("replaces no file, unless it is told to, and then leaves it to its owner alone", async () => {
    const { connectionId, key, credentials, folder } = await setUp();
    const [file, keyFile] = [join(folder, "g.json"), join(folder, "the-key")];
    writeFileSync(keyFile, "somebody's", { mode: 0o644 });
    const where = ["google", connectionId, "--out", file, "--key-file", keyFile];
    const refused = await credentials(...where);
    expect([refused.code, refused.stderr]).toEqual([EXIT.usage, expect.stringContaining("--overwrite")]);
    expect(readFileSync(keyFile, "utf8")).toBe("somebody's");
    const replaced = await credentials(...where, "--overwrite", "--json");
    expect([replaced.code, JSON.parse(replaced.stdout)]).toEqual([EXIT.ok, { file, key_file: keyFile }]);
    expect([readFileSync(keyFile, "utf8"), modeOf(keyFile)]).toEqual([key, 0o600]);
  });

  it("writes nothing where the connection, or the folder, is not there", async () => {
    const { connectionId, credentials, folder } = await setUp();
    const file = join(folder, "g.json");
    expect((await credentials("google", `con_${"0".repeat(26)}`, "--out", file)).code).toBe(EXIT.not_found);
    expect(() => statSync(file)).toThrow("ENOENT");
    const nowhere = await credentials("google", connectionId, "--out", join(folder, "none", "g.json"));
    expect([nowhere.code, nowhere.stderr]).toEqual([EXIT.failed, expect.stringContaining("ENOENT")]);
  });
});

describe("credentials azure", () => {
  it("prints the two variables for a shell, with the key, and quotes what a shell would read", async () => {
    const { stage, connectionId, key, credentials } = await setUp();
    const { code, stdout, stderr } = await credentials("azure", connectionId);
    expect([code, stderr]).toEqual([EXIT.ok, ""]);
    const script = `${stdout}\nprintenv IDENTITY_ENDPOINT IDENTITY_HEADER`;
    const seen = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
    expect(seen).toBe(`${stage.settings.publicUrl}/msi/token?client_id=${connectionId}\n${key}\n`);
  });

  it("takes an agent token for the connection where it is to end by itself", async () => {
    const { connectionId, credentials } = await setUp();
    const { stdout } = await credentials("azure", connectionId, "--expires-in", "60", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ identity_header: expect.stringMatching(/^eg_agent_/) });
  });

  it("exits with 10 and the link where a person has to reconnect, and warns of an admin key", async () => {
    const { stage, connectionId, credentials } = await setUp();
    const warned = await evergrant(["credentials", "azure", connectionId], clientEnvironment(stage));
    expect([warned.code, warned.stderr]).toEqual([EXIT.ok, expect.stringContaining("admin key")]);
    await stage.sandbox.control.revokeUser("alice");
    await stage.clock.leap(2 * HOUR);
    const ended = await credentials("azure", connectionId);
    expect([ended.code, ended.stdout]).toEqual([EXIT.reauthorization_required, ""]);
    expect(ended.stderr).toContain(`${stage.settings.publicUrl}/reauthorize/`);
  });
});
