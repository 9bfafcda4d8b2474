import type { Session } from "./session.ts";

/** Whether whoever is signed in may do what needs this scope; what they may not do is not offered. */
export function may({ scopes }: Pick<Session, "scopes">, scope: Session["scopes"][number]): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Whether they manage tenants and look into each: administrators of the first one. */
export function isOperatorsAdmin(session: Pick<Session, "scopes" | "tenant">): boolean {
  return session.tenant === "default" && may(session, "admin");
}
