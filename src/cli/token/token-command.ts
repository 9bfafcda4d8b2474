import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { printToken } from "./print-token.ts";

interface TokenOptions {
  url: string;
  minTtl?: number;
}

const LONGEST_MIN_TTL = 86_400;

export function addTokenCommand(program: Command, { output, environment }: CommandDeps): void {
  const command = program
    .command("token")
    .summary("print a working access token")
    .description(
      `Prints an access token of a connection and nothing else, for use in scripts.
The service refreshes it first when too little life is left. Exits with 10 when
a person has to reconnect the account; the link for that is on stderr.`,
    )
    .argument("<connection>", "id of the connection, con_...")
    .option("--min-ttl <seconds>", "life that it should have left (default: 60)", wholeNumber(0, LONGEST_MIN_TTL));
  asksService(command, 'TOKEN="$(evergrant token con_01jd... --min-ttl 600)"').action(
    async (connectionId: string, { url, minTtl }: TokenOptions) => {
      await printToken(createServiceClient(url, environment), output, { connectionId, minTtl });
    },
  );
}
