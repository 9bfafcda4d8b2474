import { Option, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { approveExport, fetchExport, listExports, refuseExport, requestExport, type ExportRequest } from "./exports.ts";
import { newFile } from "./new-file.ts";
import { openExport } from "./open-export.ts";
import { fingerprintOf, newRecipientKey } from "./recipient-key.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the export, exp_...";

export function addExportCommand(program: Command, deps: CommandDeps): void {
  const exports = program
    .command("export")
    .summary("give connections to another system")
    .description(
      `Gives connections with their refresh tokens to another system: one person asks,
another approves, and what is fetched then only the recipient's key opens.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant export new-key recipient.key > recipient.json");
  addNewKey(exports, deps);
  addRequest(exports, deps);
  addList(exports, deps);
  addApprove(exports, deps);
  addRefuse(exports, deps);
  addFetch(exports, deps);
  addOpen(exports, deps);
}

function addNewKey(exports: Command, { output }: CommandDeps): void {
  exports
    .command("new-key")
    .summary("make a key that documents are sealed for")
    .description(
      `Makes a key pair for X25519. The private key goes into a new file for its owner
only and stays with the recipient; the public one is printed, for whoever asks for
the export.`,
    )
    .argument("<file>", "where the private key goes")
    .addHelpText("after", "\nExample:\n  evergrant export new-key recipient.key > recipient.json")
    .action(async (file: string) => {
      const { privateKey, publicKey } = newRecipientKey();
      newFile(file).fill(privateKey);
      output.remark(`Its fingerprint is ${await fingerprintOf(publicKey)}.`);
      output.result(publicKey, () => JSON.stringify(publicKey));
    });
}

function addRequest(exports: Command, deps: CommandDeps): void {
  const command = exports
    .command("request")
    .summary("ask for an export")
    .description("Asks for an export of all connections, of a client's, or of some. Another person has to approve it.")
    .requiredOption("--recipient <file>", "the recipient's public key, as a JWK or PEM")
    .requiredOption("--reason <text>", "why, for whoever approves and for the audit log")
    .option("--tenant <id>", "connections of this tenant, ten_...")
    .addOption(new Option("--client <id>", "only those of this client, cli_...").conflicts("connection"))
    .option("--connection <id...>", "only these, con_...");
  asksService(command, 'evergrant export request --recipient recipient.json --reason "to the new cluster"').action(
    ({ url, ...wish }: ServiceOptions & ExportRequest) => requestExport(ask(deps, url), deps.output, wish),
  );
}

function addList(exports: Command, deps: CommandDeps): void {
  const command = exports
    .command("list")
    .summary("exports, newest first")
    .description("Lists exports with what they wait for. With --json one export a line.");
  asksService(command, "evergrant export list").action(({ url }: ServiceOptions) =>
    listExports(ask(deps, url), deps.output),
  );
}

function addApprove(exports: Command, deps: CommandDeps): void {
  const command = exports
    .command("approve")
    .summary("approve an export that somebody else has asked for")
    .description(
      `Approves an export. Ask the recipient for the fingerprint of the key, and by another
way than whoever asks for the export: what is exported is sealed for that key.`,
    )
    .argument("<id>", ID)
    .requiredOption("--fingerprint <text>", "of the recipient's key, as the recipient says");
  asksService(command, "evergrant export approve exp_01jd... --fingerprint 5rE...").action(
    (id: string, { url, fingerprint }: ServiceOptions & { fingerprint: string }) =>
      approveExport(ask(deps, url), deps.output, { id, fingerprint }),
  );
}

function addRefuse(exports: Command, deps: CommandDeps): void {
  const command = exports
    .command("refuse")
    .summary("refuse an export, or take it back")
    .description("Ends an export that nobody has approved.")
    .argument("<id>", ID);
  asksService(command, "evergrant export refuse exp_01jd...").action((id: string, { url }: ServiceOptions) =>
    refuseExport(ask(deps, url), deps.output, id),
  );
}

function addFetch(exports: Command, deps: CommandDeps): void {
  const command = exports
    .command("fetch")
    .summary("fetch an approved export, once")
    .description("Writes the sealed document into a new file. Its connections are not refreshed here from then on.")
    .argument("<id>", ID)
    .requiredOption("--out <file>", "where the document goes");
  asksService(command, "evergrant export fetch exp_01jd... --out connections.jwe").action(
    (id: string, { url, out }: ServiceOptions & { out: string }) =>
      fetchExport(ask(deps, url), deps.output, { id, out }),
  );
}

function addOpen(exports: Command, { output }: CommandDeps): void {
  exports
    .command("open")
    .summary("open a document, at the recipient's")
    .description("Opens a sealed document into a new file that evergrant import file reads. Asks no service.")
    .argument("<document>", "what evergrant export fetch has written")
    .requiredOption("--key <file>", "the recipient's private key")
    .requiredOption("--out <file>", "where the connections go, for their owner only")
    .addHelpText(
      "after",
      "\nExample:\n  evergrant export open connections.jwe --key recipient.key --out connections.jsonl",
    )
    .action((document: string, { key, out }: { key: string; out: string }) =>
      openExport(output, { document, key, out }),
    );
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
