import { z } from "zod";
import { clientSchema } from "../../api/client-view.ts";
import { describeDetail } from "../connections/describe-detail.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import type { Client } from "./client.ts";

export async function showClient(service: ServiceClient, output: Output, id: string): Promise<void> {
  showAnswer(output, await service.ask({ path: path`/v1/clients/${id}` }, clientSchema));
}

/** A client, as every command that has one shows it. */
export function showAnswer(output: Output, client: Client): void {
  output.result(client, () => table(rows(client), output.paint).join("\n"));
}

function rows(client: Client): Cell[][] {
  return [...facts(client), ...warnings(client)]
    .filter(([, value]) => value.text !== "")
    .map(([name, value]) => [{ text: name, colour: "dim" }, value]);
}

function facts(client: Client): [string, Cell][] {
  const { status, suspension, settings, secret_expires_at: endsAt } = client;
  return [
    ["id", { text: client.id }],
    ["provider", { text: client.provider }],
    ["client id", { text: client.client_id }],
    ["authentication", { text: client.authentication }],
    ["tokens", { text: client.dpop ? "bound to a key (DPoP)" : "" }],
    ["status", { text: status, colour: status === "active" ? "green" : "red" }],
    ["why", { text: suspension ? `${suspension.cause} (${suspension.code}), ${relativeTime(suspension.since)}` : "" }],
    ["secret", { text: endsAt === null ? "" : `ends ${relativeTime(endsAt)}` }],
    ["scopes", { text: client.scopes.join(" ") }],
    ["scopes needed", { text: settings.required_scopes.join(" ") }],
    ["redirect URI", { text: client.redirect_uri }],
    ["return URLs", { text: settings.return_urls.join(" ") }],
    ["parameters", { text: describeDetail(settings.provider_parameters) }],
    ["created", { text: relativeTime(client.created_at) }],
  ];
}

function warnings(client: Client): [string, Cell][] {
  return client.warnings.map(({ sentence, secret }) => [
    "warning",
    { text: `${sentence} (${secret})`, colour: "yellow" },
  ]);
}

/** The answer has no body. */
export const NOTHING = z.undefined();
