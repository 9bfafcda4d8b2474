import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { CommandFailure } from "../command-failure.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { connect, type ConnectRequest } from "./connect.ts";

export function addConnectCommand(program: Command, { output, environment, exitWith }: CommandDeps): void {
  const command = program
    .command("connect")
    .summary("connect an account, or reconnect one")
    .description(
      `Prints an address to open in a browser, waits until the account's user has been
there, and says what came of it. With --connection the account of that
connection signs in again. Exits with 0 only for a connection without problem.
Ctrl-C ends the waiting; the address stays good until it expires.`,
    )
    .option("--client <id>", "client to connect with, cli_...")
    .option("--connection <id>", "connection to reconnect, con_...")
    .option("--scope <scope>", "scope to ask for besides the client's; may be repeated", collect)
    .option("--end-user <name>", "your own name for the user");
  asksService(command, "evergrant connect --client cli_01jd... --scope files.read --end-user ada").action(
    async ({ url, ...request }: { url: string } & ConnectRequest) => {
      if (request.client === undefined && request.connection === undefined) throw nothingNamed();
      const interrupt = new AbortController();
      process.once("SIGINT", () => interrupt.abort());
      const service = createServiceClient(url, environment);
      exitWith(await connect({ service, output, interrupted: interrupt.signal }, request));
    },
  );
}

function collect(scope: string, before: readonly string[] = []): string[] {
  return [...before, scope];
}

function nothingNamed(): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "Name what to connect.",
    next: "--client cli_... connects a new account, --connection con_... reconnects one.",
  });
}
