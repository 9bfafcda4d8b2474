import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { jsonLines } from "./json-lines.ts";
import { clientEnvironment } from "./stage-environment.ts";

function ask(stage: Stage, ...args: string[]) {
  return evergrant(args, clientEnvironment(stage));
}

/** A second may pass between two commands. */
function ageless(text: string): string {
  return text.replace(/\S+ \S+ ago/, "a while ago");
}

const UNKNOWN = "ten_00000000000000000000000000";

describe("tenants add", () => {
  it("prints the id alone, with which its first key is made", async () => {
    const stage = await openStage();
    const added = await ask(stage, "tenants", "add", "--name", "Acme", "--limit", "clients=2");
    expect([added.code, added.stdout]).toEqual([EXIT.ok, expect.stringMatching(/^ten_[0-9a-z]{26}\n$/)]);
    const id = added.stdout.trim();
    expect(added.stderr).toContain(`evergrant api-keys create --tenant ${id}`);
    const made = await ask(stage, "api-keys", "create", "--name", "first", "--scope", "admin", "--tenant", id);
    const api = createApi(stage.service.url, made.stdout.trim());
    expect((await api("GET", "/v1/connections")).body).toEqual({ connections: [], next_after: null });
  });

  it("exits with 2 for a limit that is none, and for an address that is none", async () => {
    const stage = await openStage();
    for (const limit of ["clients", "clients=-1", "planets=3", "clients=9999999999"]) {
      const refused = await ask(stage, "tenants", "add", "--name", "Acme", "--limit", limit);
      expect([limit, refused.code, refused.stderr]).toEqual([
        limit,
        EXIT.usage,
        expect.stringContaining("requests-per-minute"),
      ]);
    }
    const refused = await ask(stage, "tenants", "add", "--name", "Acme", "--public-url", "https://a.example/path");
    expect([refused.code, refused.stderr]).toEqual([EXIT.usage, expect.stringContaining("public_url")]);
  });
});

describe("tenants list, show and edit", () => {
  it("show what there is and what was changed", async () => {
    const stage = await openStage();
    const address = "https://connect.acme.example";
    const added = await ask(stage, "tenants", "add", "--name", "Acme", "--public-url", address);
    const id = added.stdout.trim();
    const listed = await ask(stage, "tenants", "list");
    expect(listed.stdout).toMatch(/^ID +STATE +CREATED +PUBLIC URL +NAME\n/);
    expect(listed.stdout).toMatch(new RegExp(`^${id} +active .* ${address} +Acme$`, "m"));
    expect(jsonLines((await ask(stage, "tenants", "list", "--json")).stdout)).toMatchObject([
      { id: "default" },
      { id },
    ]);
    const limits = ["--limit", "connections=5", "--limit", "requests-per-minute=60"];
    const edited = await ask(stage, "tenants", "edit", id, "--name", "Acme Ltd", "--public-url", "none", ...limits);
    expect(edited.code).toBe(EXIT.ok);
    const shown = await ask(stage, "tenants", "show", id);
    expect(ageless(shown.stdout)).toBe(ageless(edited.stdout));
    expect(shown.stdout).toMatch(/^name +Acme Ltd$/m);
    expect(shown.stdout).toMatch(/^connections +0 of 5$/m);
    expect(shown.stdout).toMatch(/^requests +60 a minute$/m);
    expect(shown.stdout).not.toContain(address);
    const unlimited = await ask(stage, "tenants", "edit", id, "--limit", "connections=none", "--json");
    expect(JSON.parse(unlimited.stdout)).toMatchObject({ limits: { connections: null, requests_per_minute: 60 } });
  });

  it("exit with 9 for a tenant that nobody has", async () => {
    const stage = await openStage();
    expect((await ask(stage, "tenants", "show", UNKNOWN)).code).toBe(EXIT.not_found);
    expect((await ask(stage, "tenants", "edit", UNKNOWN, "--name", "x")).code).toBe(EXIT.not_found);
    expect((await ask(stage, "tenants", "delete", UNKNOWN, "--confirm", "x")).code).toBe(EXIT.not_found);
  });
});

describe("tenants delete", () => {
  it("needs the name, and says what would be lost", async () => {
    const stage = await openStage();
    const id = (await ask(stage, "tenants", "add", "--name", "Acme & Sons")).stdout.trim();
    for (const confirm of [[], ["--confirm", id], ["--confirm", "Acme"]]) {
      const refused = await ask(stage, "tenants", "delete", id, ...confirm);
      expect(refused.code).toBe(EXIT.usage);
      expect(refused.stderr).toContain("0 connections of Acme & Sons");
      expect(refused.stderr).toContain('--confirm "Acme & Sons"');
    }
    const deleted = await ask(stage, "tenants", "delete", id, "--confirm", "Acme & Sons");
    expect([deleted.code, deleted.stdout]).toEqual([EXIT.ok, expect.stringContaining("Deleted Acme & Sons")]);
    expect((await ask(stage, "tenants", "list")).stdout).not.toContain(id);
  });
});
