import { z } from "zod";
import { connectionSchema } from "../../api/connection-view.ts";
import { DAY } from "../../runtime/clock.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import type { Connection } from "./connection.ts";
import { describeAccount } from "./describe-account.ts";
import { STATUS_COLOUR } from "./status-colour.ts";

export interface ListFilter {
  status?: string;
  client?: string;
  /** Days. */
  unprovenFor?: number;
  limit?: number;
}

const pageSchema = z.object({ connections: z.array(connectionSchema), next_after: z.string().nullable() });

const LARGEST_PAGE = 200;

export function listConnections(service: ServiceClient, output: Output, filter: ListFilter): Promise<void> {
  return output.results(allConnections(service, filter), {
    all: (found) => listing(found, output.paint),
    none: "No connections. evergrant connect --client cli_... makes one.",
  });
}

/** Follows the pages until `limit` is reached or no more are left. */
export async function* allConnections(
  service: ServiceClient,
  { status, client, unprovenFor, limit = Infinity }: ListFilter,
) {
  const before = unprovenFor === undefined ? undefined : new Date(Date.now() - unprovenFor * DAY).toISOString();
  let after: string | undefined;
  for (let left = limit; left > 0;) {
    const query = { status, client, proven_before: before, after, limit: Math.min(left, LARGEST_PAGE) };
    const page = await service.ask({ path: "/v1/connections", query }, pageSchema);
    yield* page.connections;
    if (page.next_after === null) return;
    after = page.next_after;
    left -= page.connections.length;
  }
}

function listing(found: readonly Connection[], paint: Paint): string {
  const header = ["ID", "STATUS", "CLIENT", "PROVIDER", "PROVEN", "ACCOUNT"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...found.map(row)], paint).join("\n");
}

function row(connection: Connection): Cell[] {
  const { id, status, client, provider, last_proven_at: provenAt } = connection;
  return [
    { text: id },
    { text: status, colour: STATUS_COLOUR[status] },
    { text: client },
    { text: provider },
    { text: provenAt === null ? "never" : relativeTime(provenAt) },
    { text: describeAccount(connection) },
  ];
}
