import { z } from "zod";
import { incidentSchema, memberSchema } from "../../api/incident-view.ts";
import { describeDetail } from "../connections/describe-detail.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import { STATE_COLOUR, type Incident } from "./list-incidents.ts";

type Member = z.infer<typeof memberSchema>;

const pageSchema = z.object({
  ...incidentSchema.shape,
  members: z.array(memberSchema),
  next_after: z.string().nullable(),
});

const LARGEST_PAGE = 200;
/** As many as fit on a screen. */
const SHOWN = 20;

export async function showIncident(service: ServiceClient, output: Output, id: string): Promise<void> {
  const { incident, members } = await wholeIncident(service, id);
  output.result({ ...incident, members }, () => describe(incident, members, output.paint));
}

async function wholeIncident(service: ServiceClient, id: string): Promise<{ incident: Incident; members: Member[] }> {
  const members: Member[] = [];
  let after: string | undefined;
  for (;;) {
    const query = { after, limit: LARGEST_PAGE };
    const page = await service.ask({ path: path`/v1/incidents/${id}`, query }, pageSchema);
    const { members: more, next_after: next, ...incident } = page;
    members.push(...more);
    if (next === null) return { incident, members };
    after = next;
  }
}

function describe(incident: Incident, members: readonly Member[], paint: Paint): string {
  const facts: Cell[][] = factsOf(incident)
    .filter(([, { text }]) => text !== "")
    .map(([name, value]) => [{ text: name, colour: "dim" }, value]);
  const left = members.filter(({ recovered_at: at }) => at === null);
  const rest = left.length > SHOWN ? [`and ${left.length - SHOWN} more; --json has all`] : [];
  const rows = left
    .slice(0, SHOWN)
    .map((member): Cell[] => [
      { text: member.connection },
      { text: member.condition },
      { text: member.cause },
      { text: relativeTime(member.since) },
    ]);
  return [...table(facts, paint), ...(rows.length > 0 ? ["", ...table(rows, paint)] : []), ...rest].join("\n");
}

function factsOf(incident: Incident): [string, Cell][] {
  const { state, evidence, acknowledged_at: seenAt, resolved_at: resolvedAt } = incident;
  return [
    ["id", { text: incident.id }],
    ["state", { text: state, colour: STATE_COLOUR[state] }],
    ["kind", { text: incident.kind }],
    ["tenant", { text: incident.tenant }],
    ["client", { text: incident.client ?? "" }],
    ["provider", { text: incident.provider ?? "" }],
    ["cause", { text: incident.cause }],
    ["verdict", { text: incident.verdict ?? "" }],
    ["connections", { text: `${incident.recovered} of ${incident.affected} recovered` }],
    ["codes", { text: describeDetail(evidence.codes) }],
    ["causes", { text: describeDetail(evidence.causes) }],
    ["attempts", { text: evidence.attempts === null ? "" : String(evidence.attempts) }],
    ["also open", { text: describeDetail(evidence.also_open) }],
    ["who acts", { text: incident.who_acts }],
    ["what to do", { text: incident.suggestion }],
    ["first seen", { text: relativeTime(incident.first_seen) }],
    ["last seen", { text: relativeTime(incident.last_seen) }],
    ["acknowledged", { text: seenAt === null ? "" : `${relativeTime(seenAt)} by ${incident.acknowledged_by ?? ""}` }],
    ["resolved", { text: resolvedAt === null ? "" : relativeTime(resolvedAt) }],
  ];
}
