import type { Claim } from "../../../src/connection/claim.ts";
import type { Journaled } from "../../../src/connection/journal.ts";
import type { Commit } from "../../../src/connection/store.ts";
import { SILENCE } from "../../../src/refresh/instances.ts";
import type { Issued, ServerAnswer } from "../authorization-server.ts";
import type { Process } from "../instance.ts";
import type { Exchange } from "../network.ts";
import { plaintextOf } from "../transparent-sealer.ts";
import { databaseTime, livingInstances, type Scene } from "../world.ts";
import { judgeCustody, noteRolledBack } from "./custody.ts";
import { judgeEnd } from "./condemnation.ts";
import { judgeSend } from "./exchanges.ts";
import { judgePunishment } from "./reuse.ts";
import type { Subject } from "./subject.ts";

/** Sees everything, and compares it with the invariants after each step that could break one. */
export interface Witness {
  subjects: ReadonlyMap<string, Subject>;
  claiming(): void;
  claimed(process: Process, claim: Claim): void;
  /** A claim was made anew after the database came back. */
  reasserted(process: Process, claim: Claim): void;
  sent(exchange: Exchange): void;
  used(exchange: Exchange, answer: ServerAnswer): void;
  delivered(exchange: Exchange, issued: Issued): void;
  appended(entry: Journaled): void;
  committing(process: Process, commit: Commit): void;
  written(connectionId: string): void;
  /** The database has come back without its last commits. */
  failedOver(): void;
  killed(): void;
  /** A user has consented; the tokens are in the hands of a process. */
  consented(connectionId: string, issued: Issued): void;
}

export function createWitness(world: Scene, subjects: ReadonlyMap<string, Subject>): Witness {
  const { scheduler, verdict } = world;

  function subjectOf(connectionId: string): Subject {
    const subject = subjects.get(connectionId);
    if (!subject) throw new Error(`There is no ${connectionId} in this run.`);
    return subject;
  }

  /** Before the claim that is about to be made. */
  let firmlyHeld: ReadonlyMap<string, string> = new Map();

  function livingNames(): string[] {
    return livingInstances(world).map(({ name }) => name);
  }

  function look(subject: Subject): void {
    const before = subject.stored;
    const stored = world.database.rows.tokens(subject.id);
    subject.stored = stored;
    for (const name of [...stored.spares, ...(stored.newest === null ? [] : [stored.newest])]) secure(subject, name);
    const isOver = stored.status === "reauthorization_required" || stored.status === "disconnected";
    subject.endedAt = isOver ? (subject.endedAt ?? scheduler.now()) : null;
    if (!isOver) subject.site.endedInBadHour.delete(subject.id);
    const family = stored.newest === null ? undefined : subject.site.server.find(stored.newest)?.family;
    if (family) subject.family = family;
    if (stored.generation !== before.generation) {
      subject.commits.push({ generation: stored.generation, at: scheduler.now() });
    }
  }

  return {
    subjects,
    claiming: () => {
      const now = databaseTime(world);
      firmlyHeld = world.database.rows.firmlyHeld(now, now - SILENCE);
    },
    claimed: (process, claim) => {
      const owner = firmlyHeld.get(claim.connectionId) ?? process.name;
      const isOver = livingNames().every((name) => name !== owner);
      if (owner !== process.name && !isOver) {
        verdict.report("one exchange", claim.connectionId, `${process.name} took over from ${owner}, which lives`);
      }
      subjectOf(claim.connectionId).claims.push({
        ...claim,
        process,
        at: scheduler.now(),
        databaseAt: databaseTime(world),
        leaseFrom: databaseTime(world),
      });
    },
    reasserted: (process, claim) => {
      const known = subjectOf(claim.connectionId).claims.findLast((note) => note.process === process);
      if (known) known.leaseFrom = databaseTime(world);
    },
    sent: (exchange) => {
      const subject = subjectOf(exchange.connectionId);
      judgeSend(world, subject, exchange);
      subject.exchanges.push(exchange);
    },
    used: (exchange, answer) => {
      const subject = subjectOf(exchange.connectionId);
      if (answer.kind === "rejected") {
        if (answer.punished) judgePunishment(world, subject, exchange);
        return;
      }
      const { accessToken, refreshToken } = answer.issued;
      subject.issued.set(accessToken, refreshToken?.name ?? null);
    },
    delivered: ({ connectionId, by }, { refreshToken }) => {
      if (!refreshToken) return;
      const { delivered } = subjectOf(connectionId);
      const holders = delivered.get(refreshToken.name) ?? new Set();
      delivered.set(refreshToken.name, holders.add(by));
    },
    appended: (entry) => {
      if (entry.kind !== "tokens" || !entry.tokens.sealedRefreshToken) return;
      secure(subjectOf(entry.connectionId), plaintextOf(entry.tokens.sealedRefreshToken));
    },
    committing: (process, { connectionId, tokens }) => {
      if (!tokens.sealedRefreshToken) return;
      const name = plaintextOf(tokens.sealedRefreshToken);
      const { stored } = subjectOf(connectionId);
      if (name === stored.newest || process.disk.holds.has(name) || process.refusedByDisk.has(name)) return;
      const isOwn = tokens.rotatedAt === tokens.obtainedAt;
      if (isOwn)
        verdict.report("journal first", connectionId, `${process.name} stores ${name}, which is in no journal`);
    },
    written: (connectionId) => {
      const subject = subjectOf(connectionId);
      const before = subject.stored;
      look(subject);
      if (subject.stored.generation < before.generation) {
        verdict.report("generation", connectionId, `fell from ${before.generation} to ${subject.stored.generation}`);
      }
      judgeEnd(world, subject, before);
      judgeCustody(world, subject);
    },
    failedOver: () => {
      for (const subject of subjects.values()) {
        look(subject);
        noteRolledBack(world, subject);
        judgeCustody(world, subject);
      }
    },
    killed: () => {
      for (const subject of subjects.values()) judgeCustody(world, subject);
    },
    consented: (connectionId, { accessToken }) => void subjectOf(connectionId).issued.set(accessToken, null),
  };
}

function secure(subject: Subject, name: string): void {
  subject.secured.add(name);
  subject.watched.add(name);
}
