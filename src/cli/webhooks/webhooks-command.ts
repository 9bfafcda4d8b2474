import { InvalidArgumentError, Option, type Command } from "commander";
import { EVENT_TYPES } from "../../event/event.ts";
import { DELIVERY_STATES } from "../../event/webhook-delivery.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { addWebhook, rotateWebhookSecret, type WebhookWish } from "./add-webhook.ts";
import { enableWebhook, removeWebhook } from "./change-webhook.ts";
import { listDeliveries, type DeliveryFilter } from "./list-deliveries.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { replayWebhook, type ReplayWish } from "./replay-webhook.ts";
import { testWebhook } from "./test-webhook.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the webhook endpoint, whe_...";
const LONGEST_OVERLAP = 2_592_000;

export function addWebhooksCommand(program: Command, deps: CommandDeps): void {
  const webhooks = program
    .command("webhooks")
    .summary("list, add, test and replay webhook endpoints")
    .description("Manages the addresses that hear of events, at a running service.")
    .addHelpText("after", "\nExample:\n  evergrant webhooks add https://app.example.com/hooks");
  addReading(webhooks, deps);
  addMaking(webhooks, deps);
  addReplay(webhooks, deps);
  addEnding(webhooks, deps);
}

function addReading(webhooks: Command, deps: CommandDeps): void {
  const list = webhooks
    .command("list")
    .summary("webhook endpoints, and how they are")
    .description("Lists the webhook endpoints, oldest first. With --json one endpoint a line.");
  asksService(list, "evergrant webhooks list").action(({ url }: ServiceOptions) =>
    listWebhooks(ask(deps, url), deps.output),
  );

  const deliveries = webhooks
    .command("deliveries")
    .summary("what became of each event at an endpoint")
    .description("Lists the deliveries to an endpoint, newest first. With --json one delivery a line.")
    .argument("<id>", ID)
    .addOption(new Option("--state <state>", "only those that are so").choices(DELIVERY_STATES))
    .option("--limit <n>", "at most so many", wholeNumber(1, 10_000), 50);
  asksService(deliveries, "evergrant webhooks deliveries whe_01jd... --state given_up").action(
    (id: string, { url, ...filter }: ServiceOptions & DeliveryFilter) =>
      listDeliveries(ask(deps, url), deps.output, id, filter),
  );
}

function addMaking(webhooks: Command, deps: CommandDeps): void {
  const add = webhooks
    .command("add")
    .summary("hear of events at an address")
    .description(
      `Adds an endpoint and prints the secret that its messages are verified with, this
once. Without --event it hears of everything.`,
    )
    .argument("<address>", "an https URL")
    .option("--event <type>", "an event type; may be repeated (docs/events.md)", collectEvent, [])
    .option("--description <text>", "what it is for")
    .option("--all-tenants", "hear of every tenant, with a key of the operator");
  asksService(add, "evergrant webhooks add https://app.example.com/hooks > webhook.secret").action(
    (address: string, { url, ...wish }: ServiceOptions & WebhookWish) =>
      addWebhook(ask(deps, url), deps.output, address, wish),
  );

  const test = webhooks
    .command("test")
    .summary("send a test message, and say what came of it")
    .description("Sends a message of the type webhook.test, once. Exits with 1 when it did not arrive.")
    .argument("<id>", ID);
  asksService(test, "evergrant webhooks test whe_01jd...").action((id: string, { url }: ServiceOptions) =>
    testWebhook(ask(deps, url), deps.output, id),
  );

  const rotate = webhooks
    .command("rotate-secret")
    .summary("sign with a new secret, and for a while with the old one too")
    .description("Makes a new secret and prints it, this once.")
    .argument("<id>", ID)
    .option("--overlap <seconds>", "how long the old one signs as well", wholeNumber(0, LONGEST_OVERLAP), 86_400);
  asksService(rotate, "evergrant webhooks rotate-secret whe_01jd... --overlap 3600").action(
    (id: string, { url, overlap }: ServiceOptions & { overlap: number }) =>
      rotateWebhookSecret(ask(deps, url), deps.output, { id, overlap }),
  );
}

function addReplay(webhooks: Command, deps: CommandDeps): void {
  const replay = webhooks
    .command("replay")
    .summary("send events again")
    .description(
      `Sends one delivery again, or all events since a time, also those that an endpoint
did not hear of because it was disabled. They keep their ids.`,
    )
    .argument("<id>", ID)
    .argument("[delivery]", "id of one delivery, whd_...")
    .option("--since <time>", "from when on, as 2026-01-31T08:00:00Z")
    .option("--until <time>", "up to when; without it up to now");
  asksService(replay, "evergrant webhooks replay whe_01jd... --since 2026-01-31T08:00:00Z").action(
    (id: string, delivery: string | undefined, { url, ...wish }: ServiceOptions & ReplayWish) =>
      replayWebhook(ask(deps, url), deps.output, { id, delivery, ...wish }),
  );
}

function addEnding(webhooks: Command, deps: CommandDeps): void {
  for (const verb of ["disable", "enable"] as const) {
    const command = webhooks
      .command(verb)
      .summary(verb === "disable" ? "send an endpoint nothing for now" : "send an endpoint events again")
      .description(
        verb === "disable"
          ? "Stops sending to an endpoint. What is on its way waits until it is enabled."
          : "Sends to an endpoint again, what waited first. What came while it was disabled takes a replay.",
      )
      .argument("<id>", ID);
    asksService(command, `evergrant webhooks ${verb} whe_01jd...`).action((id: string, { url }: ServiceOptions) =>
      enableWebhook(ask(deps, url), deps.output, { id, verb }),
    );
  }

  const remove = webhooks
    .command("remove")
    .summary("remove an endpoint")
    .description(
      `Removes an endpoint with what is still on its way to it. Asks first on a terminal;
anywhere else it needs --yes.`,
    )
    .argument("<id>", ID)
    .option("--yes", "do not ask");
  asksService(remove, "evergrant webhooks remove whe_01jd... --yes").action(
    (id: string, { url, yes = false }: ServiceOptions & { yes?: boolean }) =>
      removeWebhook(ask(deps, url), deps.output, { id, yes }),
  );
}

function collectEvent(text: string, before: string[]): string[] {
  if (EVENT_TYPES.some((type) => type === text)) return [...before, text];
  throw new InvalidArgumentError(`It has to be one of ${EVENT_TYPES.join(", ")}.`);
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
