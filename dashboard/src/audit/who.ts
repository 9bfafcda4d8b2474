import type { AuditEntry } from "../api/audit.ts";

/** Who did it, by the name that people know, and what that is. */
export function whoOf({ actor, detail }: Pick<AuditEntry, "actor" | "detail">): { name: string; kind: string } {
  const email = detail["operator_email"];
  return {
    name: typeof email === "string" ? email : (actor.id ?? NAMELESS.get(actor.kind) ?? actor.kind),
    kind: KINDS.get(actor.kind) ?? actor.kind,
  };
}

const NAMELESS = new Map([
  ["user", "The user of the account"],
  ["system", "The service"],
]);

const KINDS = new Map([
  ["api_key", "API key"],
  ["operator_session", "Browser, signed in with a key"],
  ["operator", "Person"],
  ["user", "In a browser"],
  ["system", "At its start, or the command line"],
]);
