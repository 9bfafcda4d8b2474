import { Option, type Command } from "commander";
import { statusSchema } from "../../api/connection-view.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { addCheckCommand } from "./check-command.ts";
import { disconnectConnection } from "./disconnect-connection.ts";
import { addLinkCommand } from "./link-command.ts";
import { listConnections, type ListFilter } from "./list-connections.ts";
import { addReleaseCommand } from "./release-command.ts";
import { showConnection } from "./show-connection.ts";
import { showHistory } from "./show-history.ts";

interface ServiceOptions {
  url: string;
}

const LARGEST_LIMIT = 1_000_000;
const ID = "id of the connection, con_...";

export function addConnectionsCommand(program: Command, deps: CommandDeps): void {
  const connections = program
    .command("connections")
    .summary("list, show, check, disconnect and release connections")
    .description("Shows connections and ends them. Asks a running service, with the API key in EVERGRANT_API_KEY.")
    .addHelpText("after", "\nExample:\n  evergrant connections list --status reauthorization_required");
  addList(connections, deps);
  addShow(connections, deps);
  addHistory(connections, deps);
  addCheckCommand(connections, deps);
  addDisconnect(connections, deps);
  addLinkCommand(connections, deps);
  addReleaseCommand(connections, deps);
}

function addList(connections: Command, deps: CommandDeps): void {
  const command = connections
    .command("list")
    .summary("all connections, oldest first")
    .description("Lists connections, oldest first. With --json one connection a line, as the pages arrive.")
    .addOption(new Option("--status <status>", "only those with this status").choices(statusSchema.options))
    .option("--client <id>", "only those of this client, cli_...")
    .option("--unproven-for <days>", "only those that the provider has not confirmed for so long", wholeNumber(0, 3650))
    .option("--limit <n>", "at most so many (default: all)", wholeNumber(1, LARGEST_LIMIT));
  asksService(command, "evergrant connections list --status degraded --limit 20").action(
    async ({ url, ...filter }: ServiceOptions & ListFilter) => {
      await listConnections(ask(deps, url), deps.output, filter);
    },
  );
}

function addShow(connections: Command, deps: CommandDeps): void {
  const command = connections
    .command("show")
    .summary("one connection, with what is wrong and what to do")
    .description("Shows a connection: whose it is, how it is, what is wrong with it, and what to do then.")
    .argument("<id>", ID);
  asksService(command, "evergrant connections show con_01jd...").action((id: string, { url }: ServiceOptions) =>
    showConnection(ask(deps, url), deps.output, id),
  );
}

function addHistory(connections: Command, deps: CommandDeps): void {
  const command = connections
    .command("history")
    .summary("what happened to a connection, newest first")
    .description("Shows what happened to a connection, newest first. With --json one entry a line.")
    .argument("<id>", ID)
    .option("--limit <n>", "at most so many", wholeNumber(1, LARGEST_LIMIT), 50);
  asksService(command, "evergrant connections history con_01jd... --limit 10").action(
    (id: string, { url, limit }: ServiceOptions & { limit: number }) =>
      showHistory(ask(deps, url), deps.output, { id, limit }),
  );
}

function addDisconnect(connections: Command, deps: CommandDeps): void {
  const command = connections
    .command("disconnect")
    .summary("revoke a connection's tokens and delete them")
    .description(
      `Revokes a connection's tokens at the provider and deletes them here. This cannot
be undone: the account has to be connected anew. Asks first on a terminal;
anywhere else it needs --yes.`,
    )
    .argument("<id>", ID)
    .option("--yes", "do not ask");
  asksService(command, "evergrant connections disconnect con_01jd... --yes").action(
    (id: string, { url, yes = false }: ServiceOptions & { yes?: boolean }) =>
      disconnectConnection(ask(deps, url), deps.output, { id, yes }),
  );
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
