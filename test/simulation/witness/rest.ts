import type { Scene } from "../world.ts";
import { holdersOf, livingTokens } from "./whereabouts.ts";
import { claimBehind, type Subject } from "./subject.ts";

/** What a connection still lacks to be at rest; null when it lacks nothing. `since`: the generation from which on it counts. */
export function unrest(world: Scene, subject: Subject, since: number): string | null {
  const { id, site } = subject;
  const { status, generation, newest } = world.database.rows.tokens(id);
  if (status === "disconnected") return null;
  const unsafe = inNoSafety(world, subject);
  if (unsafe !== undefined) return `${unsafe} is not stored yet`;
  const kept = keptTokens(world, subject).find((name) => site.server.accepts(name));
  if (status === "reauthorization_required") {
    const inquiry = world.database.rows.inquiry(id);
    if (inquiry !== null) return `it is over in an incident that is ${inquiry}`;
    return kept === undefined || subject.excused.has(subject.family) ? null : `it is over although ${kept} is kept`;
  }
  if (newest === null || !site.server.accepts(newest)) return `the server does not take ${newest ?? "nothing"}`;
  if (generation <= since) return "it was not refreshed";
  const { owner, failures } = world.database.rows.lease(id);
  return owner === null && failures === 0 ? null : `${owner ?? "nobody"} holds it, after ${failures} failures`;
}

/** A refresh token that a living process has, or may get, and that is not in a journal or in the store, while no later one is. */
function inNoSafety({ state }: Scene, subject: Subject): string | undefined {
  const { id, delivered, secured } = subject;
  const isOpen = [...state.open].find(({ connectionId, by }) => connectionId === id && by.alive);
  if (isOpen) return `the answer to x${isOpen.number}`;
  const unsecured = [...delivered].filter(([name]) => !secured.has(name) && !isOutlived(subject, name));
  return unsecured.find(([, holders]) => [...holders].some(({ alive }) => alive))?.[0];
}

/** The provider has given a later one since: what came before is not worth keeping. */
function isOutlived(subject: Subject, name: string): boolean {
  const exchange = subject.exchanges.find(({ issued }) => issued?.refreshToken?.name === name);
  const claim = exchange && claimBehind(subject, exchange);
  return claim !== undefined && claim.generation + 1 < subject.stored.generation;
}

/** At rest, what is over has to be over for a reason that lies outside. */
export function judgeLoss(world: Scene, subject: Subject): void {
  const { status } = world.database.rows.tokens(subject.id);
  const { family, excused, delivered, secured, rolledBack } = subject;
  if (status !== "reauthorization_required" || excused.has(family) || family.revoked !== null) return;
  for (const { name, successors } of livingTokens(subject)) {
    if (successors.some((successor) => secured.has(successor.name))) continue;
    const isLost = !secured.has(name) && [...(delivered.get(name) ?? [])].every(({ alive }) => !alive);
    if (!isLost && !rolledBack.has(name)) {
      const holders = holdersOf(subject, name).map((process) => process.name);
      world.verdict.report("rest", subject.id, `it is over although ${name} had been received (${holders.join(", ")})`);
    }
  }
}

function keptTokens({ disks, database: { rows } }: Scene, { id, family, site }: Subject): string[] {
  const { newest, spares } = rows.tokens(id);
  const journaled = disks.flatMap(({ holds }) =>
    [...holds.keys()].filter((name) => site.server.find(name)?.family === family),
  );
  return [...(newest === null ? [] : [newest]), ...spares, ...journaled];
}
