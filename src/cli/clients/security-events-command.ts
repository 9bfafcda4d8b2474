import { Option, type Command } from "commander";
import { RECEIVER_SECRETS, type ReceiverSecret } from "../../security-event/receiver.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { changeReceiver, listEvents, showReceiver, type ReceiverWish } from "./security-events.ts";

interface ServiceOptions {
  url: string;
}

const CLIENT = "id of the client, cli_...";

export function addSecurityEventsCommand(clients: Command, deps: CommandDeps): void {
  const events = clients
    .command("security-events")
    .summary("what a client's provider tells of accounts and tokens by itself")
    .description(
      `Says where a provider is to send security events of a client, whose are taken, and
what came of them. No option takes a secret: it is asked for on a terminal, or
read from the standard input.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant clients security-events show cli_01jd...");
  addShow(events, deps);
  addSet(events, deps);
  addList(events, deps);
}

function addShow(events: Command, deps: CommandDeps): void {
  const command = events
    .command("show")
    .summary("the addresses to give to the provider, and whose events are taken")
    .description("Shows the addresses to give to the provider, and whose events are taken there.")
    .argument("<client>", CLIENT);
  asksService(command, "evergrant clients security-events show cli_01jd...").action(
    (client: string, { url }: ServiceOptions) => showReceiver(ask(deps, url), deps.output, client),
  );
}

function addSet(events: Command, deps: CommandDeps): void {
  const command = events
    .command("set")
    .summary("change whose events are taken, or the secret that signs them")
    .description(
      `Changes what is named and leaves the rest. A secret that Slack or GitHub shares with
the client, or a token that is shown where the issuer is asked, takes the place of
the one before.`,
    )
    .argument("<client>", CLIENT)
    .option("--issuer <url>", "who signs the tokens, if not as the provider's entry says")
    .option("--audience <text>", "whom they are for, if not the client id; may be repeated", collect, [])
    .option("--poll-url <url>", "where the issuer is asked for tokens, if it does not push them")
    .addOption(new Option("--secret <whose>", "whose secret is read").choices(RECEIVER_SECRETS));
  asksService(command, "evergrant clients security-events set cli_01jd... --secret slack < secret.txt").action(
    (client: string, { url, ...wish }: ServiceOptions & ReceiverWish & { secret?: ReceiverSecret }) =>
      changeReceiver(ask(deps, url), deps.output, { client, ...wish }),
  );
}

function addList(events: Command, deps: CommandDeps): void {
  const command = events
    .command("list")
    .summary("the events that came, newest first")
    .description("Lists the events that came to a client's address in the last 30 days, newest first.")
    .argument("<client>", CLIENT);
  asksService(command, "evergrant clients security-events list cli_01jd...").action(
    async (client: string, { url }: ServiceOptions) => {
      await listEvents(ask(deps, url), deps.output, client);
    },
  );
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
