import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { askAccessToken } from "../token/ask-access-token.ts";
import { minTtlOption } from "../token/min-ttl.ts";
import { collectVariable, tokensWanted, type Variable } from "./variable.ts";
import { runChild } from "./run-child.ts";

interface ExecOptions {
  url: string;
  minTtl?: number;
  env?: readonly Variable[];
}

export function addExecCommand(program: Command, { output, environment, exitWith }: CommandDeps): void {
  const command = program
    .command("exec")
    .summary("run a command with an access token in its environment")
    .description(
      `Runs a command with an access token in EVERGRANT_ACCESS_TOKEN, and with no other
variable that begins with EVERGRANT_, so that it has the token and not the API key.
Signals are passed on. Exits with what the command exits with, 128 and the number
of the signal that ended it, 127 where there is no such command, 126 where it
cannot be run. The token is not renewed while the command runs.`,
    )
    .usage("[options] <connection> -- <command> [args...]")
    .argument("<connection>", "id of the connection, con_...")
    .argument("<command...>", "what to run, after --")
    .option(
      "--env <name>",
      "variable for the token; NAME=con_... adds the token of another connection, and may be repeated",
      collectVariable,
    )
    .addOption(minTtlOption());
  asksService(command, "evergrant exec con_01jd... --env GH_TOKEN -- gh repo list").action(
    async (connectionId: string, [file = "", ...args]: string[], { url, minTtl, env = [] }: ExecOptions) => {
      const service = createServiceClient(url, environment);
      const tokens = await Promise.all(
        tokensWanted(connectionId, env).map(async ({ name, connection }) => {
          const answer = await askAccessToken(service, { connectionId: connection, minTtl });
          return [name, answer.access_token] as const;
        }),
      );
      const childEnvironment = { ...withoutOurs(environment), ...Object.fromEntries(tokens) };
      exitWith(await runChild(output, { file, args, environment: childEnvironment }));
    },
  );
}

function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("EVERGRANT_")));
}
