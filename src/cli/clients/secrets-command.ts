import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { addSecret, listSecrets, promoteSecret, retireSecret, rotateSecret } from "./client-secrets.ts";

interface ServiceOptions {
  url: string;
}

interface NewSecretOptions extends ServiceOptions {
  expires?: string;
  signs?: string;
}

const CLIENT = "id of the client, cli_...";
const SECRET = "id of the secret, sec_...";
const SIGNS = "a key that the service makes, for a client that signs: RS256, PS256, ES256 or EdDSA";
const EXPIRES = "when the provider ends it, as 2027-01-31T00:00:00Z";

export function addSecretsCommand(clients: Command, deps: CommandDeps): void {
  const secrets = clients
    .command("secrets")
    .summary("list, add, promote, retire and rotate a client's secrets")
    .description(
      `Changes the secret of an OAuth client without an interruption. No option takes a
secret: it is asked for on a terminal, or read from the standard input.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant clients secrets rotate cli_01jd... < secret.txt");
  addList(secrets, deps);
  addAdd(secrets, deps);
  addPromote(secrets, deps);
  addRetire(secrets, deps);
  addRotate(secrets, deps);
}

function addList(secrets: Command, deps: CommandDeps): void {
  const command = secrets
    .command("list")
    .summary("a client's secrets, with what became of them")
    .description("Lists the secrets of a client, newest first, and never what they say. With --json one a line.")
    .argument("<client>", CLIENT)
    .option("--all", "also those that are erased");
  asksService(command, "evergrant clients secrets list cli_01jd... --all").action(
    async (client: string, { url, all = false }: ServiceOptions & { all?: boolean }) => {
      await listSecrets(ask(deps, url), deps.output, { client, all });
    },
  );
}

function addAdd(secrets: Command, deps: CommandDeps): void {
  const command = secrets
    .command("add")
    .summary("add a secret, which is tried before it is relied upon")
    .description(
      `Adds a secret. A few refreshes try it, and fall back to the active one if the
provider refuses it. Where the provider refuses the active one too, it is used
at once.`,
    )
    .argument("<client>", CLIENT)
    .option("--expires <time>", EXPIRES)
    .option("--signs <algorithm>", SIGNS)
    .option("--promote", "make it the active one as soon as it is proven", false);
  asksService(command, "evergrant clients secrets add cli_01jd... < secret.txt").action(
    (client: string, { url, ...wish }: NewSecretOptions & { promote: boolean }) =>
      addSecret(ask(deps, url), deps.output, { client, ...wish }),
  );
}

function addPromote(secrets: Command, deps: CommandDeps): void {
  const command = secrets
    .command("promote")
    .summary("make the staged secret the active one")
    .description("Makes the staged secret the active one. The one before is kept for a day and then erased.")
    .argument("<client>", CLIENT)
    .argument("<secret>", SECRET)
    .option("--force", "also when it is not proven, or was refused", false);
  asksService(command, "evergrant clients secrets promote cli_01jd... sec_01je...").action(
    (client: string, secret: string, { url, force }: ServiceOptions & { force: boolean }) =>
      promoteSecret(ask(deps, url), deps.output, { client, secret, force }),
  );
}

function addRetire(secrets: Command, deps: CommandDeps): void {
  const command = secrets
    .command("retire")
    .summary("erase a secret that is not the active one")
    .description("Erases a secret that is not the active one. Asks first on a terminal; anywhere else it needs --yes.")
    .argument("<client>", CLIENT)
    .argument("<secret>", SECRET)
    .option("--yes", "do not ask");
  asksService(command, "evergrant clients secrets retire cli_01jd... sec_01jd... --yes").action(
    (client: string, secret: string, { url, yes = false }: ServiceOptions & { yes?: boolean }) =>
      retireSecret(ask(deps, url), deps.output, { client, secret, yes }),
  );
}

function addRotate(secrets: Command, deps: CommandDeps): void {
  const command = secrets
    .command("rotate")
    .summary("change over to another secret, with a trial or at once")
    .description(
      `Adds a secret that becomes the active one by itself once a few refreshes have proven
it. With --now, as after a leak, it is the active one at once, and every secret
before it is erased here and never used again.`,
    )
    .argument("<client>", CLIENT)
    .option("--expires <time>", EXPIRES)
    .option("--signs <algorithm>", SIGNS)
    .option("--now", "at once, and without the old one", false);
  asksService(command, "evergrant clients secrets rotate cli_01jd... --now < secret.txt").action(
    (client: string, { url, ...wish }: NewSecretOptions & { now: boolean }) =>
      rotateSecret(ask(deps, url), deps.output, { client, ...wish }),
  );
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
