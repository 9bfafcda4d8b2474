import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { askAccessToken } from "./ask-access-token.ts";
import { minTtlOption } from "./min-ttl.ts";

interface TokenOptions {
  url: string;
  minTtl?: number;
}

export function addTokenCommand(program: Command, { output, environment }: CommandDeps): void {
  const command = program
    .command("token")
    .summary("print a working access token")
    .description(
      `Prints an access token of a connection and nothing else, for use in scripts and
where a program runs a command for its password. The service refreshes it first
when too little life is left. Exits with 10 when a person has to reconnect the
account; the link for that is on stderr.`,
    )
    .argument("<connection>", "id of the connection, con_...")
    .addOption(minTtlOption());
  asksService(command, 'TOKEN="$(evergrant token con_01jd... --min-ttl 600)"').action(
    async (connectionId: string, { url, minTtl }: TokenOptions) => {
      const token = await askAccessToken(createServiceClient(url, environment), { connectionId, minTtl });
      output.result(token, () => token.access_token);
    },
  );
}
