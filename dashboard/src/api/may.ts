import type { Session } from "./session.ts";

/** Whether whoever is signed in may do what needs this scope; what they may not do is not offered. */
export function may({ scopes }: Pick<Session, "scopes">, scope: Session["scopes"][number]): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}
