import { InvalidArgumentError, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { addClient, deleteClient, editClient, type ClientWish, type NewClientWish } from "./change-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { listClients, type ListFilter } from "./list-clients.ts";
import { addSecretsCommand } from "./secrets-command.ts";
import { addSecurityEventsCommand } from "./security-events-command.ts";
import { showClient } from "./show-client.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the client, cli_...";

export function addClientsCommand(program: Command, deps: CommandDeps): void {
  const clients = program
    .command("clients")
    .summary("list, show, add, edit and delete OAuth clients, and rotate their secrets")
    .description("Manages the OAuth clients of a running service, with the API key in EVERGRANT_API_KEY.")
    .addHelpText("after", "\nExample:\n  evergrant clients list");
  addList(clients, deps);
  addShow(clients, deps);
  addAdd(clients, deps);
  addEdit(clients, deps);
  addDelete(clients, deps);
  addSecretsCommand(clients, deps);
  addSecurityEventsCommand(clients, deps);
}

function addList(clients: Command, deps: CommandDeps): void {
  const command = clients
    .command("list")
    .summary("all clients, oldest first")
    .description("Lists clients, oldest first. With --json one client a line, as the pages arrive.")
    .option("--provider <id>", "only those at this provider");
  asksService(command, "evergrant clients list --provider google").action(
    async ({ url, ...filter }: ServiceOptions & ListFilter) => {
      await listClients(ask(deps, url), deps.output, filter);
    },
  );
}

function addShow(clients: Command, deps: CommandDeps): void {
  const command = clients
    .command("show")
    .summary("one client, with what to look at")
    .description("Shows a client, whether its provider accepts it, and what to see to.")
    .argument("<id>", ID);
  asksService(command, "evergrant clients show cli_01jd...").action((id: string, { url }: ServiceOptions) =>
    showClient(ask(deps, url), deps.output, id),
  );
}

function addAdd(clients: Command, deps: CommandDeps): void {
  const command = withSettings(
    clients
      .command("add")
      .summary("add a client that is registered at a provider")
      .description(
        `Adds an OAuth client that is registered at a provider, and says which redirect URI
to register there. Asks for the secret on a terminal that does not show it, or
reads it from the standard input.`,
      )
      .requiredOption("--provider <id>", "where it is registered; evergrant providers list shows them")
      .requiredOption("--client-id <id>", "the id that the provider gave it")
      .option("--public", "it has no secret", false)
      .option("--signs <algorithm>", "it signs with a key that the service makes: RS256, PS256, ES256 or EdDSA")
      .option("--secret-expires <time>", "when the provider ends the secret, as 2027-01-31T00:00:00Z")
      .option("--parameter <name=value>", "what stands in the URLs of the provider; may be repeated", collectPair, []),
  );
  asksService(command, "evergrant clients add --provider google --client-id 123.apps < secret.txt").action(
    ({ url, ...wish }: ServiceOptions & NewClientWish) => addClient(ask(deps, url), deps.output, wish),
  );
}

function addEdit(clients: Command, deps: CommandDeps): void {
  const command = withSettings(
    clients
      .command("edit")
      .summary("change a client's scopes and settings")
      .description(
        `Changes what is named and leaves the rest. The client id and the provider cannot
change: a refresh token belongs to the client that obtained it.`,
      )
      .argument("<id>", ID),
  );
  asksService(command, "evergrant clients edit cli_01jd... --scope files.read --scope files.write").action(
    (id: string, { url, ...wish }: ServiceOptions & ClientWish) =>
      editClient(ask(deps, url), deps.output, { id, ...wish }),
  );
}

/** Each list that is named takes the place of the one before. */
function withSettings(command: Command): Command {
  return command
    .option("--scope <scope>", "scope to ask for; may be repeated", collect, [])
    .option("--return-url <url>", "where a user may be sent after connecting; may be repeated", collect, [])
    .option("--dpop", "bind its tokens to a key, from the next consent on (RFC 9449)")
    .option("--no-dpop", "do not")
    .option("--prove", "refresh right after connecting")
    .option("--no-prove", "do not")
    .option("--offline-access", "ask for a refresh token")
    .option("--no-offline-access", "do not")
    .option("--required-scope <scope>", "scope that every connection needs; may be repeated", collect, [])
    .option("--no-required-scopes", "none is needed")
    .option("--probe-every <days>", "prove connections that nobody uses so often; 0: never", wholeNumber(0, 365))
    .option("--testing", "it is in a test status at the provider")
    .option("--no-testing", "it is not");
}

function addDelete(clients: Command, deps: CommandDeps): void {
  const command = clients
    .command("delete")
    .summary("delete a client that has no connections")
    .description(
      `Deletes a client and erases its secrets. Refused while it has connections that are
not disconnected: nothing else could refresh them. Asks first on a terminal;
anywhere else it needs --yes.`,
    )
    .argument("<id>", ID)
    .option("--yes", "do not ask");
  asksService(command, "evergrant clients delete cli_01jd... --yes").action(
    (id: string, { url, yes = false }: ServiceOptions & { yes?: boolean }) =>
      deleteClient(ask(deps, url), deps.output, { id, yes }),
  );
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}

function collectPair(text: string, before: [string, string][]): [string, string][] {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It has to be name=value.");
  return [...before, [name, value]];
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
