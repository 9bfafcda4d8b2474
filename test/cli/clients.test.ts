import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

const SECRET = "cli-client-secret-canary";

function ask(stage: Stage, args: readonly string[], input = "") {
  return evergrant(["clients", ...args], clientEnvironment(stage), input);
}

describe("clients", () => {
  it("are added with a secret from the standard input, shown, edited, listed and deleted", async () => {
    const stage = await openStage();
    const options = [
      "--provider",
      "sandbox",
      "--client-id",
      "mine",
      "--scope",
      "a",
      "--return-url",
      "https://x.example/r",
    ];
    const made = await ask(stage, ["add", ...options, "--json"], `${SECRET}\n`);
    expect(made.code).toBe(EXIT.ok);
    const { id, redirect_uri: redirectUri } = JSON.parse(made.stdout);
    expect(made.stdout + made.stderr).not.toContain(SECRET);
    const shown = await ask(stage, ["show", id]);
    expect(shown.stdout).toContain(redirectUri);
    const edited = await ask(stage, ["edit", id, "--scope", "b", "--prove", "--json"]);
    expect(JSON.parse(edited.stdout)).toMatchObject({ scopes: ["b"], settings: { prove: true, offline_access: true } });
    const listed = jsonLines((await ask(stage, ["list", "--provider", "sandbox", "--json"])).stdout);
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual(expect.objectContaining({ id, client_id: "mine" }));
    expect((await ask(stage, ["delete", id])).code).toBe(EXIT.usage);
    expect((await ask(stage, ["delete", id, "--yes"])).stdout).toBe(`Deleted ${id}. Its secrets are erased.\n`);
    expect((await ask(stage, ["show", id])).code).toBe(EXIT.not_found);
  });

  it("bind their tokens to a key when they are told to, and stop when they are told that", async () => {
    const stage = await openStage();
    const options = ["add", "--provider", "sandbox", "--client-id", "mine", "--public", "--dpop", "--json"];
    const { id, dpop } = JSON.parse((await ask(stage, options)).stdout);
    expect(dpop).toBe(true);
    expect((await ask(stage, ["show", id])).stdout).toMatch(/^tokens +bound to a key \(DPoP\)$/m);
    expect(JSON.parse((await ask(stage, ["edit", id, "--prove", "--json"])).stdout)).toMatchObject({ dpop: true });
    expect(JSON.parse((await ask(stage, ["edit", id, "--no-dpop", "--json"])).stdout)).toMatchObject({ dpop: false });
  });

  it("say what their connections need and how often these are proven, and take that back", async () => {
    const stage = await openStage();
    const id = stage.clientId;
    const needs = ["--required-scope", "files.read", "--required-scope", "mail.read", "--probe-every", "0"];
    const edited = JSON.parse((await ask(stage, ["edit", id, ...needs, "--json"])).stdout);
    expect(edited.settings).toMatchObject({ required_scopes: ["files.read", "mail.read"], probe_every_days: 0 });
    expect((await ask(stage, ["show", id])).stdout).toMatch(/^scopes needed +files.read mail.read$/m);
    const kept = JSON.parse((await ask(stage, ["edit", id, "--prove", "--json"])).stdout);
    expect(kept.settings).toMatchObject({ required_scopes: ["files.read", "mail.read"], probe_every_days: 0 });
    const taken = JSON.parse((await ask(stage, ["edit", id, "--no-required-scopes", "--json"])).stdout);
    expect(taken.settings.required_scopes).toEqual([]);
  });

  it("need a secret of one line, or to be public", async () => {
    const stage = await openStage();
    const options = ["add", "--provider", "sandbox", "--client-id", "mine"];
    for (const input of ["", "\n", "one\ntwo\n"]) {
      const { code, stderr } = await ask(stage, options, input);
      expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining("no secret on the standard input")]);
    }
    const { stdout } = await ask(stage, [...options, "--public", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ authentication: "none" });
  });
});

describe("clients that sign", () => {
  it("get a key instead of a secret, another one when they rotate, and are told where to register it", async () => {
    const stage = await openStage();
    const options = ["--provider", "sandbox", "--client-id", "mine"];
    const made = await ask(stage, ["add", ...options, "--signs", "ES256"]);
    expect(made.code).toBe(EXIT.ok);
    const [, id = ""] = /\/oauth\/jwks\/(cli_\w+)/.exec(made.stderr) ?? [];
    expect((await stage.api("GET", `/v1/clients/${id}`)).body).toMatchObject({ authentication: "private_key_jwt" });
    const staged = await ask(stage, ["secrets", "rotate", id, "--signs", "EdDSA", "--json"]);
    expect(JSON.parse(staged.stdout)).toMatchObject({ state: "staged", signing_key: { alg: "EdDSA" } });
    const refused = await ask(stage, ["secrets", "rotate", id, "--signs", "HS256"]);
    expect([refused.code, refused.stderr]).toEqual([EXIT.usage, expect.stringContaining("signing_key.algorithm")]);
  });
});

describe("clients secrets", () => {
  it("are added, listed, promoted and retired", async () => {
    const stage = await openStage();
    const { clientId } = stage;
    const added = await ask(stage, ["secrets", "add", clientId, "--expires", "2099-01-01T00:00:00Z"], SECRET);
    expect(added.code).toBe(EXIT.ok);
    const [, id = ""] = /^(sec_\w+) is staged\.\n$/.exec(added.stdout) ?? [];
    expect(added.stderr).toContain(`evergrant clients secrets promote ${clientId} ${id}`);
    const early = await ask(stage, ["secrets", "promote", clientId, id]);
    expect([early.code, early.stderr]).toEqual([EXIT.failed, expect.stringContaining("0 of 3")]);
    expect((await ask(stage, ["secrets", "promote", clientId, id, "--force"])).stdout).toBe(`${id} is active.\n`);
    const listed = await ask(stage, ["secrets", "list", clientId]);
    expect(listed.stdout).toMatch(new RegExp(`^${id}  active `, "m"));
    const [, old = ""] = /^(sec_\w+)  retired /m.exec(listed.stdout) ?? [];
    expect((await ask(stage, ["secrets", "retire", clientId, old, "--yes"])).stdout).toBe(`Erased ${old}.\n`);
    expect(jsonLines((await ask(stage, ["secrets", "list", clientId, "--json"])).stdout)).toHaveLength(1);
    expect(jsonLines((await ask(stage, ["secrets", "list", clientId, "--all", "--json"])).stdout)).toHaveLength(2);
  });

  it("are rotated at once after a leak, in one command", async () => {
    const stage = await openStage();
    const { clientId } = stage;
    const { connectionId } = await stage.connect();
    await stage.sandbox.control.rotateClientSecret("evergrant", SECRET);
    const { code, stdout, stderr } = await ask(stage, ["secrets", "rotate", clientId, "--now"], SECRET);
    expect([code, stdout]).toEqual([EXIT.ok, expect.stringMatching(/^sec_\w+ is active\.\n$/)]);
    expect(stderr).toContain("Every secret before it is erased here");
    expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).body).toMatchObject({ generation: 2 });
  });
});

describe("clients security-events", () => {
  it("show where a provider is to send them, are set with a secret from the standard input, and listed", async () => {
    const stage = await openStage();
    const { clientId } = stage;
    const before = await ask(stage, ["security-events", "show", clientId]);
    expect(before.code).toBe(EXIT.ok);
    expect(before.stdout).toMatch(new RegExp(`^tokens +http\\S+/security-events/${clientId}$`, "m"));
    expect(before.stdout).toContain("none, so that no tokens are taken");
    expect(before.stdout).toContain("needs a signing secret");
    const options = ["--issuer", "https://issuer.example", "--audience", "a", "--audience", "b", "--secret", "slack"];
    const changed = await ask(stage, ["security-events", "set", clientId, ...options, "--json"], `${SECRET}\n`);
    expect(changed.stdout + changed.stderr).not.toContain(SECRET);
    expect(JSON.parse(changed.stdout)).toMatchObject({
      issuer: "https://issuer.example",
      audience: ["a", "b"],
      slack_signing_secret: true,
      github_webhook_secret: false,
    });
    const listed = await ask(stage, ["security-events", "list", clientId]);
    expect([listed.code, listed.stdout, listed.stderr]).toEqual([
      EXIT.ok,
      "",
      "No security events came to this client's address.\n",
    ]);
    expect((await ask(stage, ["security-events", "set", clientId, "--secret", "nobody"])).code).toBe(EXIT.usage);
  });
});
