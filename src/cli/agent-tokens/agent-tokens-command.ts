import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { createAgentToken } from "./create-agent-token.ts";

interface CreateOptions {
  url: string;
  expiresIn?: number;
}

/** In seconds. */
export const SHORTEST_LIFE = 60;
export const LONGEST_LIFE = 86_400;

export function addAgentTokensCommand(program: Command, { output, environment }: CommandDeps): void {
  const tokens = program
    .command("agent-tokens")
    .summary("make short-lived tokens for one job or one agent")
    .description("Makes tokens that stand for the API key in EVERGRANT_API_KEY, for some connections and some time.")
    .addHelpText("after", "\nExample:\n  evergrant agent-tokens create con_01jd... --expires-in 900");
  const command = tokens
    .command("create")
    .summary("make a token that reads the access tokens of some connections only")
    .description(
      `Makes an agent token and prints it, this once. It reads access tokens of these
connections and does nothing else, wherever an API key does, until it ends by itself or
its API key ends. Nothing of it is stored, so there is none to list.`,
    )
    .argument("<connection...>", "ids of connections, con_...; up to 50")
    .option("--expires-in <seconds>", "how long it lives (default: 3600)", wholeNumber(SHORTEST_LIFE, LONGEST_LIFE));
  asksService(command, "evergrant agent-tokens create con_01jd... --expires-in 900").action(
    (connections: string[], { url, expiresIn }: CreateOptions) =>
      createAgentToken(createServiceClient(url, environment), output, { connections, expiresIn }),
  );
}
