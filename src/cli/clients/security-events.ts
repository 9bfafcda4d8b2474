import { z } from "zod";
import { eventSchema, receiverSchema } from "../../api/security-event-view.ts";
import type { ReceiverSecret } from "../../security-event/receiver.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { readSecret } from "../terminal/read-secret.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type Receiver = z.infer<typeof receiverSchema>;
type SecurityEvent = z.infer<typeof eventSchema>;

/** As the options say it; what is not named is not said. */
export interface ReceiverWish {
  issuer?: string;
  audience: string[];
  pollUrl?: string;
}

export async function showReceiver(service: ServiceClient, output: Output, client: string): Promise<void> {
  showAnswer(output, await service.ask({ path: path`/v1/clients/${client}/security-events` }, receiverSchema));
}

export async function changeReceiver(
  service: ServiceClient,
  output: Output,
  { client, issuer, audience, pollUrl, secret }: ReceiverWish & { client: string; secret?: ReceiverSecret },
): Promise<void> {
  const body = {
    ...(issuer !== undefined && { issuer }),
    ...(audience.length > 0 && { audience }),
    ...(pollUrl !== undefined && { poll_url: pollUrl }),
    ...(secret !== undefined && { [FIELD[secret]]: await readSecret("Secret: ") }),
  };
  const request = { method: "PUT", path: path`/v1/clients/${client}/security-events`, body } as const;
  showAnswer(output, await service.ask(request, receiverSchema));
}

const FIELD: Record<ReceiverSecret, string> = {
  slack: "slack_signing_secret",
  github: "github_webhook_secret",
  poll: "poll_token",
};

export function listEvents(service: ServiceClient, output: Output, client: string): Promise<void> {
  return output.results(allEvents(service, client), {
    all: (found) => table([HEADER, ...found.map(row)], output.paint).join("\n"),
    none: "No security events came to this client's address.",
  });
}

const pageSchema = z.object({ security_events: z.array(eventSchema), next_before: z.string().nullable() });
const LARGEST_PAGE = 200;

async function* allEvents(service: ServiceClient, client: string) {
  let before: string | undefined;
  for (;;) {
    const query = { client, before, limit: LARGEST_PAGE };
    const page = await service.ask({ path: "/v1/security-events", query }, pageSchema);
    yield* page.security_events;
    if (page.next_before === null) return;
    before = page.next_before;
  }
}

function showAnswer(output: Output, receiver: Receiver): void {
  output.result(receiver, () => table(rows(receiver), output.paint).join("\n"));
}

function rows(receiver: Receiver): Cell[][] {
  const facts: [string, string][] = [
    ["tokens", receiver.push_url],
    ["issuer", receiver.issuer ?? "none, so that no tokens are taken"],
    ["audience", receiver.audience.join(" ")],
    ["asked at", receiver.poll_url ?? "nowhere: the issuer pushes"],
    ["Slack", receiver.slack_url],
    ["", receiver.slack_signing_secret ? "has a signing secret" : "needs a signing secret"],
    ["GitHub", receiver.github_url],
    ["", receiver.github_webhook_secret ? "has a webhook secret" : "needs a webhook secret"],
  ];
  return facts.map(([name, text]) => [{ text: name, colour: "dim" }, { text }]);
}

const HEADER = ["RECEIVED", "EVENT", "VERDICT", "CONNECTIONS", "ID THERE"].map((text): Cell => ({
  text,
  colour: "bold",
}));

function row(event: SecurityEvent): Cell[] {
  return [
    { text: relativeTime(event.received_at) },
    { text: event.type },
    { text: event.verdict },
    { text: String(event.connections) },
    { text: event.jti },
  ];
}
