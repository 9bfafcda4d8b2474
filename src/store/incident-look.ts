import { group, INCIDENT_WINDOW, JOINED_FOR, scopesOf, type Failure } from "../incident/group.ts";
import type { Look } from "../incident/store.ts";
import type { Queries } from "./database.ts";
import { decide, learn } from "./incident-decisions.ts";
import { announceOpened, recount, resolve } from "./incident-counts.ts";
import { forget, hear, type Heard } from "./incident-hearsay.ts";
import { updateMembers, type MemberTurn } from "./incident-members.ts";
import { join, keepBack, open, openIncidents, sizesOf, type OpenIncident } from "./incident-openings.ts";
import { openSuspensions } from "./incident-suspensions.ts";
import { egNow } from "./now.ts";
import type { Transaction } from "./transaction.ts";

const NOTHING: Look = { opened: [], resolved: [], decided: [], hasMore: false };

/** Is there nothing to look at? Asked first, because mostly there is not, and a look is a transaction. */
export async function isQuiet(queries: Queries): Promise<boolean> {
  const {
    signals,
    open: isOpen,
    suspended,
  } = await queries
    .selectNoFrom((select) => [
      select.exists(select.selectFrom("incident_signals").select("number")).as("signals"),
      select.exists(select.selectFrom("incidents").select("id").where("resolved_at", "is", null)).as("open"),
      select.exists(select.selectFrom("clients").select("id").where("suspended_since", "is not", null)).as("suspended"),
    ])
    .executeTakeFirstOrThrow();
  return !signals && !isOpen && !suspended;
}

export async function look(tx: Transaction, newId: () => string): Promise<Look> {
  const { queries } = tx;
  if (!(await takeTurn(tx))) return NOTHING;
  const { now } = await queries.selectNoFrom(egNow.as("now")).executeTakeFirstOrThrow();
  const hearsay = await hear(queries);
  const turns = await updateMembers(queries, hearsay.heard);
  const learned = await learn(queries, turns);
  const incidents = await openIncidents(queries);
  for (const incident of incidents) {
    const failing = turns.flatMap((turn) => (turn.incidentId === incident.id && turn.failure ? [turn.failure] : []));
    if (failing.length > 0) await keepBack(queries, incident, failing);
  }
  const { joining, loose } = sort(hearsay.heard, incidents, { turns, since: now - INCIDENT_WINDOW });
  const openings = group(loose, await sizesOf(queries, loose));
  const opened: string[] = [];
  for (const opening of openings) {
    // One that nobody has joined for long is still the one of its scope.
    const known = incidents.find(({ scope }) => scope === opening.scope);
    if (known) joining.push({ incident: known, failures: opening.failures });
    else opened.push(await open(queries, opening, newId()));
  }
  for (const { incident, failures } of joining) await join(queries, incident, failures);
  const taken = new Set(openings.flatMap(({ failures }) => failures));
  const left = loose.filter((failure) => !taken.has(failure));
  await forget(queries, hearsay, left);
  const changed = [...joining.map(({ incident }) => incident.id), ...turns.map(({ incidentId }) => incidentId)];
  await recount(queries, new Set([...opened, ...changed]));
  opened.push(...(await openSuspensions(queries, incidents, newId)));
  return {
    opened: await announceOpened(queries, opened),
    decided: [...learned, ...(await decide(queries, now))],
    resolved: await resolve(queries, now),
    hasMore: hearsay.hasMore && left.length < hearsay.heard.length,
  };
}

/** One instance looks at a time: it has the one row locked until its transaction ends. The very first one makes it. */
async function takeTurn({ queries, dialect }: Transaction): Promise<boolean> {
  const free = queries.selectFrom("incident_looks").select("number").modifyEnd(dialect.skipLocked);
  if ((await free.execute()).length > 0) return true;
  const made = await queries
    .insertInto("incident_looks")
    .values({ number: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return made.numInsertedOrUpdatedRows === 1n;
}

interface Joining {
  incident: OpenIncident;
  failures: readonly Failure[];
}

/** Which failures belong to an open incident that they are not in yet, and which stand alone, and not for long. */
function sort(
  heard: readonly Heard[],
  incidents: readonly OpenIncident[],
  { turns, since }: { turns: readonly MemberTurn[]; since: number },
) {
  const memberships = new Set(turns.map(({ connectionId, scope }) => `${connectionId} ${scope}`));
  const joining = new Map<OpenIncident, Failure[]>();
  const loose: Failure[] = [];
  for (const { failure } of heard) {
    if (!failure) continue;
    const scopes = scopesOf(failure);
    if (scopes.some((scope) => memberships.has(`${failure.connectionId} ${scope}`))) continue;
    const incident = incidents.find(
      ({ scope, last_seen: at }) => scopes.includes(scope) && failure.at <= at + JOINED_FOR,
    );
    if (incident) joining.set(incident, [...(joining.get(incident) ?? []), failure]);
    else if (failure.at > since) loose.push(failure);
  }
  return { joining: [...joining].map(([incident, failures]): Joining => ({ incident, failures })), loose };
}
