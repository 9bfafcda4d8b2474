import type { z } from "zod";
import { connectionDetailSchema } from "../../api/connection-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import { describeAccount } from "./describe-account.ts";
import { describeDetail } from "./describe-detail.ts";
import { nextStep } from "./next-step.ts";
import { STATUS_COLOUR } from "./status-colour.ts";

type ConnectionDetail = z.infer<typeof connectionDetailSchema>;

export async function showConnection(service: ServiceClient, output: Output, id: string): Promise<void> {
  const connection = await service.ask({ path: path`/v1/connections/${id}` }, connectionDetailSchema);
  output.result(connection, () => table(rows(connection), output.paint).join("\n"));
}

function rows(connection: ConnectionDetail): Cell[][] {
  const facts = [...identity(connection), ...condition(connection), ...times(connection)];
  return facts.filter(([, value]) => value.text !== "").map(([name, value]) => [{ text: name, colour: "dim" }, value]);
}

function identity(connection: ConnectionDetail): [string, Cell][] {
  return [
    ["id", { text: connection.id }],
    ["account", { text: describeAccount(connection) }],
    ["end user", { text: connection.end_user ?? "" }],
    ["provider", { text: connection.provider }],
    ["client", { text: connection.client }],
    ["labels", { text: describeDetail(connection.labels) }],
    ["scopes", { text: connection.granted_scopes.join(" ") }],
    ["scopes missing", { text: connection.missing_scopes.join(" "), colour: "yellow" }],
    ["scopes refused", { text: refusedScopes(connection).join(" ") }],
  ];
}

function condition(connection: ConnectionDetail): [string, Cell][] {
  const { status, diagnosis, failures } = connection;
  return [
    ["status", { text: `${status}, since ${relativeTime(connection.status_since)}`, colour: STATUS_COLOUR[status] }],
    ["why", { text: diagnosis?.sentence ?? "" }],
    ["cause", { text: diagnosis ? `${diagnosis.cause} (${diagnosis.confidence})` : "" }],
    ["evidence", { text: diagnosis ? describeDetail(diagnosis.evidence) : "" }],
    ["next", { text: nextStep(connection) ?? "" }],
    ["failed refreshes", { text: failures === 0 ? "" : String(failures) }],
  ];
}

function times(connection: ConnectionDetail): [string, Cell][] {
  const { last_proven_at: provenAt } = connection;
  return [
    ["last proven", { text: provenAt === null ? "never" : relativeTime(provenAt) }],
    ["access token", { text: ending(connection.access_token_expires_at) }],
    ["refresh token", { text: ending(connection.refresh_expires_at) }],
    ["consent", { text: consentEnding(connection.consent_ends_at) }],
    ["next refresh", { text: whenKnown(connection.next_refresh_at) }],
    ["consented", { text: whenKnown(connection.consented_at) }],
    ["created", { text: relativeTime(connection.created_at) }],
  ];
}

function refusedScopes({ requested_scopes: requested, granted_scopes: granted }: ConnectionDetail): string[] {
  return requested.filter((scope) => !granted.includes(scope));
}

function consentEnding(at: string | null): string {
  return at === null ? "" : `${ending(at)}, and cannot be prolonged by refreshing`;
}

function ending(at: string | null): string {
  if (at === null) return "";
  return `${Date.parse(at) > Date.now() ? "expires" : "expired"} ${relativeTime(at)}`;
}

function whenKnown(at: string | null): string {
  return at === null ? "" : relativeTime(at);
}
