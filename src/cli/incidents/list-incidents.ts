import { z } from "zod";
import { incidentSchema } from "../../api/incident-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

export interface ListFilter {
  state?: string;
  tenant?: string;
}

export type Incident = z.infer<typeof incidentSchema>;

const pageSchema = z.object({ incidents: z.array(incidentSchema), next_before: z.string().nullable() });

const LARGEST_PAGE = 200;

export const STATE_COLOUR: Readonly<Record<Incident["state"], Colour>> = {
  open: "red",
  acknowledged: "yellow",
  resolved: "dim",
};

export function listIncidents(service: ServiceClient, output: Output, filter: ListFilter): Promise<void> {
  return output.results(allIncidents(service, filter), {
    all: (found) => listing(found, output.paint),
    none: "No incidents.",
  });
}

async function* allIncidents(service: ServiceClient, { state, tenant }: ListFilter) {
  let before: string | undefined;
  for (;;) {
    const query = { state, tenant, before, limit: LARGEST_PAGE };
    const page = await service.ask({ path: "/v1/incidents", query }, pageSchema);
    yield* page.incidents;
    if (page.next_before === null) return;
    before = page.next_before;
  }
}

function listing(found: readonly Incident[], paint: Paint): string {
  const header = ["ID", "STATE", "KIND", "CAUSE", "RECOVERED", "LAST SEEN", "ABOUT"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...found.map(row)], paint).join("\n");
}

function row({
  id,
  state,
  kind,
  cause,
  recovered,
  affected,
  last_seen: at,
  client,
  provider,
  tenant,
}: Incident): Cell[] {
  return [
    { text: id },
    { text: state, colour: STATE_COLOUR[state] },
    { text: kind },
    { text: cause },
    { text: `${recovered}/${affected}` },
    { text: relativeTime(at) },
    { text: client ?? provider ?? tenant },
  ];
}
