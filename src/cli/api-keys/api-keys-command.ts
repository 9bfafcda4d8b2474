import { InvalidArgumentError, Option, type Command } from "commander";
import { SCOPES } from "../../access/api-key.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { createApiKey, type KeyWish } from "./create-api-key.ts";
import { listApiKeys } from "./list-api-keys.ts";
import { revokeApiKey } from "./revoke-api-key.ts";
import { rotateApiKey } from "./rotate-api-key.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the API key, key_...";
const LONGEST_LIFE_DAYS = 36_500;
const LONGEST_OVERLAP = 2_592_000;
const FASTEST = 1_000_000;

export function addApiKeysCommand(program: Command, deps: CommandDeps): void {
  const keys = program
    .command("api-keys")
    .summary("list, create, rotate and revoke API keys")
    .description("Manages the API keys of a running service, with the API key in EVERGRANT_API_KEY.")
    .addHelpText("after", "\nExample:\n  evergrant api-keys create --name worker --scope token:read");
  addList(keys, deps);
  addCreate(keys, deps);
  addRotate(keys, deps);
  addRevoke(keys, deps);
}

function addList(keys: Command, deps: CommandDeps): void {
  const command = keys
    .command("list")
    .summary("API keys, with what they may do and when they were last used")
    .description("Lists the API keys that live, oldest first. With --json one key a line.")
    .option("--all", "also those that were revoked or have expired");
  asksService(command, "evergrant api-keys list --all").action(
    async ({ url, all = false }: ServiceOptions & { all?: boolean }) => {
      await listApiKeys(ask(deps, url), deps.output, { all });
    },
  );
}

function addCreate(keys: Command, deps: CommandDeps): void {
  const command = keys
    .command("create")
    .summary("make an API key")
    .description(
      `Makes an API key and prints it, this once. Without --scope it may read access
tokens and nothing else.`,
    )
    .requiredOption("--name <name>", "what the key is for")
    .addOption(
      new Option("--scope <scope>", `what it may do; may be repeated: ${SCOPES.join(", ")}`)
        .argParser(collectScope)
        .default([], "token:read"),
    )
    .option("--cidr <block>", "addresses from which it may be used, as 10.0.0.0/8; may be repeated", collect, [])
    .option("--days <n>", "how long it lives (default: without end)", wholeNumber(1, LONGEST_LIFE_DAYS))
    .option("--rate-limit <n>", "requests a second, instead of the service's limit", wholeNumber(1, FASTEST))
    .option("--tenant <id>", "for whom, where an admin key of the operator makes it");
  asksService(command, "evergrant api-keys create --name worker --cidr 10.0.0.0/8 --days 90").action(
    ({ url, ...wish }: ServiceOptions & KeyWish) => createApiKey(ask(deps, url), deps.output, wish),
  );
}

function addRotate(keys: Command, deps: CommandDeps): void {
  const command = keys
    .command("rotate")
    .summary("make a key that takes the place of another")
    .description(
      `Makes an API key that takes the place of another, and prints it, this once. The old
one lives on for a while, so that whoever has it can change over. Without an id, the
key in EVERGRANT_API_KEY rotates itself, for which it needs no scope.`,
    )
    .argument("[id]", ID)
    .option("--overlap <seconds>", "how long the old key lives on", wholeNumber(0, LONGEST_OVERLAP), 86_400);
  asksService(command, "evergrant api-keys rotate key_01jd... --overlap 3600").action(
    (id: string | undefined, { url, overlap }: ServiceOptions & { overlap: number }) =>
      rotateApiKey(ask(deps, url), deps, { id, overlap }),
  );
}

function addRevoke(keys: Command, deps: CommandDeps): void {
  const command = keys
    .command("revoke")
    .summary("end an API key at once")
    .description(
      `Ends an API key at once and for good; other processes of the service follow within
five seconds. Asks first on a terminal; anywhere else it needs --yes.`,
    )
    .argument("<id>", ID)
    .option("--yes", "do not ask");
  asksService(command, "evergrant api-keys revoke key_01jd... --yes").action(
    (id: string, { url, yes = false }: ServiceOptions & { yes?: boolean }) =>
      revokeApiKey(ask(deps, url), deps.output, { id, yes }),
  );
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}

function collectScope(text: string, before: string[]): string[] {
  if (SCOPES.some((scope) => scope === text)) return [...before, text];
  throw new InvalidArgumentError(`It has to be one of ${SCOPES.join(", ")}.`);
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
