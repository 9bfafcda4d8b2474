import { Link } from "@tanstack/react-router";
import { useClientName } from "../api/choices.ts";

/** Leads to a client, by the name that people know. */
export function ClientLink({ id }: { id: string }) {
  return (
    <Link to="/clients/$id" params={{ id }}>
      {useClientName(id)}
    </Link>
  );
}
