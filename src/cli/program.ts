import { Command } from "commander";
import type { CommandDeps } from "./command-deps.ts";
import { addAgentTokensCommand } from "./agent-tokens/agent-tokens-command.ts";
import { addApiKeysCommand } from "./api-keys/api-keys-command.ts";
import { addAuditCommand } from "./audit/audit-command.ts";
import { addBackupCommand } from "./backup/backup-command.ts";
import { addCampaignsCommand } from "./campaigns/campaigns-command.ts";
import { addClientsCommand } from "./clients/clients-command.ts";
import { addConnectCommand } from "./connect/connect-command.ts";
import { addConnectionsCommand } from "./connections/connections-command.ts";
import { addCredentialsCommand } from "./credentials/credentials-command.ts";
import { addDoctorCommand } from "./doctor/doctor-command.ts";
import { addExplainCommand } from "./explain/explain-command.ts";
import { addIncidentsCommand } from "./incidents/incidents-command.ts";
import { addJournalCommand } from "./journal/journal-command.ts";
import { addKeysCommand } from "./keys/keys-command.ts";
import { DESCRIPTION, REFERENCE } from "./manual.ts";
import { addMailCommand } from "./mail/mail-command.ts";
import { addProvidersCommand } from "./providers/providers-command.ts";
import { addRestoreCommand } from "./restore/restore-command.ts";
import { addServeCommand } from "./serve-command.ts";
import { addTenantsCommand } from "./tenants/tenants-command.ts";
import { addTokenCommand } from "./token/token-command.ts";
import { addVirtualRefreshTokensCommand } from "./virtual-refresh-tokens/virtual-refresh-tokens-command.ts";
import { addWebhooksCommand } from "./webhooks/webhooks-command.ts";
import { readVersion } from "./version.ts";

/** The whole command line. Misuse throws `CommanderError`; nothing here ends the process. */
export function createProgram(deps: CommandDeps): Command {
  const program = new Command("evergrant")
    .description(DESCRIPTION)
    .version(readVersion())
    .option("--json", "print one JSON document, or one a line where results come one by one")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: (text) => deps.output.remark(text.trimEnd()), outputError: () => undefined })
    .addHelpText("after", `\n${REFERENCE}`)
    .exitOverride();
  addServeCommand(program, deps);
  addDoctorCommand(program, deps);
  addJournalCommand(program, deps);
  addAuditCommand(program, deps);
  addBackupCommand(program, deps);
  addRestoreCommand(program, deps);
  addKeysCommand(program, deps);
  addProvidersCommand(program, deps);
  addExplainCommand(program, deps);
  addConnectCommand(program, deps);
  addClientsCommand(program, deps);
  addConnectionsCommand(program, deps);
  addCampaignsCommand(program, deps);
  addIncidentsCommand(program, deps);
  addTokenCommand(program, deps);
  addApiKeysCommand(program, deps);
  addVirtualRefreshTokensCommand(program, deps);
  addAgentTokensCommand(program, deps);
  addCredentialsCommand(program, deps);
  addTenantsCommand(program, deps);
  addWebhooksCommand(program, deps);
  addMailCommand(program, deps);
  return program;
}
