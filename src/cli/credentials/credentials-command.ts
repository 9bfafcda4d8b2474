import type { Command } from "commander";
import { LONGEST_LIFE, SHORTEST_LIFE } from "../agent-tokens/agent-tokens-command.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { readServiceUrl } from "../service/service-url.ts";
import { wholeNumber } from "../whole-number.ts";
import { printAzureVariables } from "./azure-variables.ts";
import { writeGoogleFiles } from "./google-files.ts";
import { subjectFor } from "./subject.ts";

interface Options {
  url: string;
  expiresIn?: number;
}

interface GoogleOptions extends Options {
  out?: string;
  keyFile?: string;
  project?: string;
  overwrite?: boolean;
}

const CONNECTION = "id of the connection, con_...";

export function addCredentialsCommand(program: Command, deps: CommandDeps): void {
  const credentials = program
    .command("credentials")
    .summary("what the SDKs of Google and of Azure take for credentials")
    .description(
      "Makes the SDKs of Google and of Azure get the access tokens of a connection, without another line of code.",
    )
    .addHelpText("after", "\nExample:\n  evergrant credentials google con_01jd... --out google.json");
  addGoogle(credentials, deps);
  addAzure(credentials, deps);
}

function addGoogle(credentials: Command, { output, environment }: CommandDeps): void {
  const command = credentials
    .command("google")
    .summary("write the file for GOOGLE_APPLICATION_CREDENTIALS")
    .description(
      `Writes two files that only their owner can read: the one to which
GOOGLE_APPLICATION_CREDENTIALS is set, which holds no secret, and the one that it names,
with the API key of EVERGRANT_API_KEY. Replaces neither, unless --overwrite says so.`,
    )
    .argument("<connection>", CONNECTION)
    .option("--out <file>", "where to (default: <connection>.json)")
    .option("--key-file <file>", "where the key goes (default: beside it, with .key)")
    .option("--project <id>", "project at Google Cloud; without one the SDK may look for it for seconds")
    .option("--overwrite", "replace files that are there")
    .option(...EXPIRES_IN);
  asksService(command, "evergrant credentials google con_01jd... --out google.json").action(
    async (connectionId: string, { url, expiresIn, ...where }: GoogleOptions) => {
      const service = createServiceClient(url, environment);
      const subject = await subjectFor({ service, environment, output }, { connectionId, expiresIn });
      writeGoogleFiles(output, { ...where, connectionId, subject, origin: readServiceUrl(url) });
    },
  );
}

function addAzure(credentials: Command, { output, environment }: CommandDeps): void {
  const command = credentials
    .command("azure")
    .summary("print IDENTITY_ENDPOINT and IDENTITY_HEADER for a shell")
    .description(
      `Prints the two variables from which the SDKs of Azure read a managed identity, for a
shell to take over. The header is the API key of EVERGRANT_API_KEY.`,
    )
    .argument("<connection>", CONNECTION)
    .option(...EXPIRES_IN);
  asksService(command, 'eval "$(evergrant credentials azure con_01jd... --expires-in 3600)"').action(
    async (connectionId: string, { url, expiresIn }: Options) => {
      const service = createServiceClient(url, environment);
      const subject = await subjectFor({ service, environment, output }, { connectionId, expiresIn });
      printAzureVariables(output, { connectionId, subject, origin: readServiceUrl(url) });
    },
  );
}

const EXPIRES_IN = [
  "--expires-in <seconds>",
  "with an agent token for this connection and so long, instead of the API key",
  wholeNumber(SHORTEST_LIFE, LONGEST_LIFE),
] as const;
