import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { wholeNumber } from "../whole-number.ts";

const LARGEST_SEQ = 999_999_999;

export function addAuditCommand(program: Command, deps: CommandDeps): void {
  const audit = program
    .command("audit")
    .summary("verify and export the audit log")
    .description(
      `Works on the audit log in the database, where every change that an administrator
or an API key made is written down in a chain of hashes.`,
    )
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant audit verify");
  addVerify(audit, deps);
  addExport(audit, deps);
}

function addVerify(audit: Command, { output, environment, exitWith }: CommandDeps): void {
  audit
    .command("verify")
    .summary("say whether the audit log is as it was written")
    .description(
      `Reads the whole audit log, computes its hashes anew, and compares the signatures
with the audit key, which needs the root key. Says of each tenant which act is
the first that was changed, removed or added. Changes nothing; the service may be
running. Exits with 1 when something is wrong.`,
    )
    .option("--tenant <id>", "only what is about this tenant")
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant audit verify")
    .action(async ({ tenant }: { tenant?: string }) => {
      const { verifyAudit } = await import("./verify-audit.ts");
      exitWith(await verifyAudit(output, environment, tenant));
    });
}

function addExport(audit: Command, { output, environment }: CommandDeps): void {
  audit
    .command("export")
    .summary("print the audit log as lines of JSON")
    .description(
      `Prints every act with its hash as one line of JSON, tenant by tenant and in order,
for a system of your own. docs/audit.md has a script that verifies such a file
without Evergrant. Changes nothing; the service may be running.`,
    )
    .option("--tenant <id>", "only what is about this tenant")
    .option("--after <seq>", "only what comes after the act of this number", wholeNumber(0, LARGEST_SEQ), 0)
    .addHelpText("after", "\nExample:\n  EVERGRANT_DATA_DIR=/var/lib/evergrant evergrant audit export > audit.jsonl")
    .action(async ({ tenant, after }: { tenant?: string; after: number }) => {
      const { exportAudit } = await import("./export-audit.ts");
      await exportAudit(output, environment, { tenant, after });
    });
}
