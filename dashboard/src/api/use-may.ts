import { useQuery } from "@tanstack/react-query";
import { may } from "./may.ts";
import { sessionQuery, type Session } from "./session.ts";

/** Whether whoever is signed in may do what needs this scope. */
export function useMay(scope: Session["scopes"][number]): boolean {
  const { data: session } = useQuery(sessionQuery);
  return session ? may(session, scope) : false;
}
