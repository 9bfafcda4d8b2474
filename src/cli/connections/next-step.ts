import type { Connection } from "./connection.ts";

/** The command that helps a connection, where there is one. */
export function nextStep({ id, client, status }: Connection): string | null {
  switch (status) {
    case "reauthorization_required":
      return `the account's user signs in again: evergrant connect --connection ${id}`;
    case "disconnected":
      return `connect the account anew: evergrant connect --client ${client}`;
    case "active":
    case "degraded":
    case "suspended":
      return null;
  }
}
