import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { EXIT, EXIT_MEANINGS } from "../../src/cli/exit-codes.ts";
import { createProgram } from "../../src/cli/program.ts";
import { createOutput } from "../../src/cli/terminal/output.ts";
import { CLIENT_SETTINGS, SETTING_NAMES } from "../../src/service/settings.ts";
import { evergrant } from "./evergrant.ts";

const COMMANDS = [
  "serve",
  "doctor",
  "audit",
  "audit verify",
  "audit export",
  "backup",
  "restore",
  "journal",
  "journal verify",
  "journal replay",
  "keys",
  "keys generate",
  "keys generate root",
  "keys generate admin",
  "providers",
  "providers list",
  "providers show",
  "providers check",
  "explain",
  "clients",
  "clients list",
  "clients show",
  "clients add",
  "clients edit",
  "clients delete",
  "clients secrets",
  "clients secrets list",
  "clients secrets add",
  "clients secrets promote",
  "clients secrets retire",
  "clients secrets rotate",
  "clients security-events",
  "clients security-events show",
  "clients security-events set",
  "clients security-events list",
  "connect",
  "connections",
  "connections list",
  "connections show",
  "connections history",
  "connections check",
  "connections disconnect",
  "connections link",
  "connections release",
  "campaigns",
  "campaigns start",
  "campaigns list",
  "campaigns show",
  "campaigns cancel",
  "token",
  "exec",
  "git-credential",
  "xoauth2",
  "import",
  "import nango",
  "import n8n",
  "import authjs",
  "import better-auth",
  "import airbyte",
  "import file",
  "import handover",
  "export",
  "export new-key",
  "export request",
  "export list",
  "export approve",
  "export refuse",
  "export fetch",
  "export open",
  "incidents",
  "incidents list",
  "incidents show",
  "incidents acknowledge",
  "api-keys",
  "api-keys list",
  "api-keys create",
  "api-keys rotate",
  "api-keys revoke",
  "virtual-refresh-tokens",
  "virtual-refresh-tokens create",
  "virtual-refresh-tokens list",
  "virtual-refresh-tokens revoke",
  "agent-tokens",
  "agent-tokens create",
  "credentials",
  "credentials google",
  "credentials azure",
  "tenants",
  "tenants list",
  "tenants show",
  "tenants add",
  "tenants edit",
  "tenants delete",
  "webhooks",
  "webhooks list",
  "webhooks deliveries",
  "webhooks add",
  "webhooks test",
  "webhooks rotate-secret",
  "webhooks replay",
  "webhooks disable",
  "webhooks enable",
  "webhooks remove",
  "mail",
  "mail test",
];

/** Commands that ask a running service. */
const ASKING =
  /^(connect|connections .+|clients (?!(?:secrets|security-events)$).+|token|exec|git-credential|xoauth2|import .+|export (?!new-key$|open$).+|incidents .+|api-keys .+|agent-tokens .+|credentials .+|virtual-refresh-tokens .+|tenants .+|campaigns .+|webhooks .+)$/;

/** What `--help` shows, without a process for each command. */
async function helpOf(command: string): Promise<string> {
  const program = await createProgram({
    output: createOutput(process, false),
    input: process.stdin,
    environment: {},
    exitWith: () => undefined,
  });
  const found = command.split(" ").reduce(subcommand, program);
  let shown = "";
  found.configureOutput({ writeOut: (text) => (shown += text) }).outputHelp();
  return shown;
}

function subcommand(command: Command, name: string): Command {
  const found = command.commands.find((each) => each.name() === name);
  if (!found) throw new Error(`There is no ${name}.`);
  return found;
}

describe("evergrant --help", () => {
  it("names every setting of the service and of the client", async () => {
    const { code, stdout, stderr } = await evergrant(["--help"]);
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: "" });
    for (const name of [...SETTING_NAMES, ...CLIENT_SETTINGS, "NO_COLOR"]) {
      expect(stdout).toContain(`  ${name} `);
    }
  });

  it("explains every exit code", async () => {
    const { stdout } = await evergrant(["--help"]);
    for (const [name, code] of Object.entries(EXIT)) expect(stdout).toMatch(new RegExp(`^ +${code} +${name} `, "m"));
    for (const meaning of Object.values(EXIT_MEANINGS)) expect(stdout).toContain(meaning);
  });

  it.each(COMMANDS)("%s has a help of its own, with an example", async (command) => {
    const stdout = await helpOf(command);
    expect(stdout).toContain(`Usage: evergrant ${command}`);
    expect(stdout).toMatch(/\nExample:\n {2}.*evergrant /);
    expect(stdout.includes("--url <url>")).toBe(ASKING.test(command));
    expect(stdout.includes("API key comes from EVERGRANT_API_KEY, or from the file")).toBe(ASKING.test(command));
  });

  it("is what a bare command shows on stderr, as misuse", async () => {
    const { code, stdout, stderr } = await evergrant([]);
    expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: "" });
    expect(stderr).toContain("Usage: evergrant");
    expect(stderr).toContain("A command is missing.");
  });
});

describe("docs/cli.md", () => {
  const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

  it("has the exit codes that there are", () => {
    const rows = [...page.matchAll(/^\| +(\d+) +\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, code, name, meaning]) => [
      name,
      Number(code),
      meaning,
    ]);
    const meanings = new Map(Object.entries(EXIT_MEANINGS));
    expect(rows).toEqual(Object.entries(EXIT).map(([name, code]) => [name, code, meanings.get(name)]));
  });

  it("has the settings that there are", () => {
    const rows = [...page.matchAll(/^\| `(EVERGRANT_\w+)` +\|/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set([...SETTING_NAMES, ...CLIENT_SETTINGS]));
  });

  it.each(
    COMMANDS.filter(
      (command) =>
        ![
          "keys",
          "keys generate",
          "providers",
          "clients",
          "clients secrets",
          "clients security-events",
          "connections",
          "incidents",
          "api-keys",
          "virtual-refresh-tokens",
          "agent-tokens",
          "credentials",
          "tenants",
        ].includes(command),
    ),
  )("explains %s", (command) => {
    expect(page).toContain(`evergrant ${command}`);
  });
});

describe("evergrant --version", () => {
  it("prints the version of the package", async () => {
    const { code, stdout } = await evergrant(["--version"]);
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });
});
