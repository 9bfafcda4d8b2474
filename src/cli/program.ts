import { Command } from "commander";
import type { CommandDeps } from "./command-deps.ts";
import { DESCRIPTION, REFERENCE } from "./manual.ts";
import { readVersion } from "../service/version.ts";

type AddCommand = (program: Command, deps: CommandDeps) => void;

/** Every command in the order of the help, loaded when it is wanted: most of what all of them need, one never does. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import("./serve-command.ts")).addServeCommand,
  doctor: async () => (await import("./doctor/doctor-command.ts")).addDoctorCommand,
  journal: async () => (await import("./journal/journal-command.ts")).addJournalCommand,
  audit: async () => (await import("./audit/audit-command.ts")).addAuditCommand,
  backup: async () => (await import("./backup/backup-command.ts")).addBackupCommand,
  restore: async () => (await import("./restore/restore-command.ts")).addRestoreCommand,
  keys: async () => (await import("./keys/keys-command.ts")).addKeysCommand,
  providers: async () => (await import("./providers/providers-command.ts")).addProvidersCommand,
  explain: async () => (await import("./explain/explain-command.ts")).addExplainCommand,
  connect: async () => (await import("./connect/connect-command.ts")).addConnectCommand,
  clients: async () => (await import("./clients/clients-command.ts")).addClientsCommand,
  connections: async () => (await import("./connections/connections-command.ts")).addConnectionsCommand,
  campaigns: async () => (await import("./campaigns/campaigns-command.ts")).addCampaignsCommand,
  incidents: async () => (await import("./incidents/incidents-command.ts")).addIncidentsCommand,
  token: async () => (await import("./token/token-command.ts")).addTokenCommand,
  exec: async () => (await import("./exec/exec-command.ts")).addExecCommand,
  "git-credential": async () => (await import("./git-credential/git-credential-command.ts")).addGitCredentialCommand,
  xoauth2: async () => (await import("./xoauth2/xoauth2-command.ts")).addXoauth2Command,
  import: async () => (await import("./import/import-command.ts")).addImportCommand,
  export: async () => (await import("./export/export-command.ts")).addExportCommand,
  "api-keys": async () => (await import("./api-keys/api-keys-command.ts")).addApiKeysCommand,
  "virtual-refresh-tokens": async () =>
    (await import("./virtual-refresh-tokens/virtual-refresh-tokens-command.ts")).addVirtualRefreshTokensCommand,
  "agent-tokens": async () => (await import("./agent-tokens/agent-tokens-command.ts")).addAgentTokensCommand,
  credentials: async () => (await import("./credentials/credentials-command.ts")).addCredentialsCommand,
  tenants: async () => (await import("./tenants/tenants-command.ts")).addTenantsCommand,
  webhooks: async () => (await import("./webhooks/webhooks-command.ts")).addWebhooksCommand,
  mail: async () => (await import("./mail/mail-command.ts")).addMailCommand,
};

/**
 * The command line: with the one command that the arguments name, or with all where they name none, as the help does. Misuse
 * throws `CommanderError`; nothing here ends the process.
 */
export async function createProgram(deps: CommandDeps, args: readonly string[] = []): Promise<Command> {
  const program = new Command("evergrant")
    .description(DESCRIPTION)
    .version(readVersion())
    .option("--json", "print one JSON document, or one a line where results come one by one")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: (text) => deps.output.remark(text.trimEnd()), outputError: () => undefined })
    .addHelpText("after", `\n${REFERENCE}`)
    .exitOverride();
  for (const add of await Promise.all(wanted(args).map((load) => load()))) add(program, deps);
  return program;
}

function wanted(args: readonly string[]) {
  // No option before a command takes a value.
  const name = args.find((arg) => !arg.startsWith("-"));
  const named = Object.entries(COMMANDS).filter(([command]) => command === name);
  return (named.length > 0 ? named : Object.entries(COMMANDS)).map(([, load]) => load);
}
