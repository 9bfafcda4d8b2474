import { z } from "zod";
import { handoverSchema } from "../../api/routes/handover.ts";
import { HANDOVER_ADVICE, HANDOVER_STATES, type HandoverState } from "../../connect/handover.ts";
import { describeAccount } from "../connections/describe-account.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

export interface HandoverFilter {
  client?: string;
  state?: HandoverState;
}

type Handover = z.infer<typeof handoverSchema>;

const pageSchema = z.object({ connections: z.array(handoverSchema), next_after: z.string().nullable() });

const LARGEST_PAGE = 100;

/** Lists imported connections with how far they are handed over, and what to do about each kind. */
export function showHandover(service: ServiceClient, output: Output, filter: HandoverFilter): Promise<void> {
  return output.results(imported(service, filter), {
    all: (found) => listing(found, output.paint),
    none: "No imported connections.",
  });
}

async function* imported(service: ServiceClient, { client, state }: HandoverFilter): AsyncGenerator<Handover> {
  for (let after: string | undefined; ;) {
    const query = { client, after, limit: LARGEST_PAGE };
    const page = await service.ask({ path: "/v1/connections/handover", query }, pageSchema);
    for (const each of page.connections) if (state === undefined || each.state === state) yield each;
    if (page.next_after === null) return;
    after = page.next_after;
  }
}

const COLOUR: Partial<Record<HandoverState, Colour>> = { ours: "green", contested: "red" };

function listing(found: readonly Handover[], paint: Paint): string {
  const header = ["ID", "STATE", "IMPORTED", "CLIENT", "ACCOUNT"].map((text): Cell => ({ text, colour: "bold" }));
  const counts = HANDOVER_STATES.map((state) => ({
    state,
    count: found.filter((each) => each.state === state).length,
  }));
  const summary = counts
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}: ${HANDOVER_ADVICE[state]}`);
  return [...table([header, ...found.map(row)], paint), "", ...summary].join("\n");
}

function row({ connection, state }: Handover): Cell[] {
  return [
    { text: connection.id },
    { text: state, colour: COLOUR[state] },
    { text: relativeTime(connection.created_at) },
    { text: connection.client },
    { text: describeAccount(connection) },
  ];
}
