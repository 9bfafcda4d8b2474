import { Option, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { CommandFailure } from "../command-failure.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { checkConnection } from "./check-connection.ts";
import { checkConnections, type ManyToCheck } from "./check-connections.ts";

interface CheckOptions extends ManyToCheck {
  url: string;
  all?: boolean;
}

const LONGEST_IDLE = 3650;
const MOST_PER_SECOND = 100;

export function addCheckCommand(connections: Command, { output, environment, exitWith }: CommandDeps): void {
  const command = connections
    .command("check")
    .summary("ask the provider whether connections work")
    .description(
      `Asks the provider whether a connection works, where possible without a refresh;
with --all or --idle many, one after the other. Exits with 0 when all do, with 10
when a person has to reconnect an account, with 7 when it may work later.`,
    )
    .argument("[id]", "id of the connection, con_...")
    .addOption(new Option("--all", "all connections").conflicts("idle"))
    .option("--idle <days>", "those that the provider has not confirmed for so long", wholeNumber(0, LONGEST_IDLE))
    .option("--client <id>", "of many: only those of this client, cli_...")
    .option("--per-second <n>", "of many: at most so many", wholeNumber(1, MOST_PER_SECOND), 2);
  asksService(command, "evergrant connections check --idle 7").action(
    async (id: string | undefined, { url, all = false, ...many }: CheckOptions) => {
      const isMany = all || many.idle !== undefined;
      if (isMany === (id !== undefined)) throw unclear();
      const service = createServiceClient(url, environment);
      const check = id === undefined ? checkConnections(service, output, many) : checkConnection(service, output, id);
      exitWith(await check);
    },
  );
}

function unclear(): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "Name what to check.",
    next: "An id checks one connection, --all all, --idle those that were not proven for so many days.",
  });
}
