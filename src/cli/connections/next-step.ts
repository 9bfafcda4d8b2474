import type { Connection } from "./connection.ts";

/** The command that helps a connection, where there is one. */
export function nextStep({ id, client, status, diagnosis }: Connection): string | null {
  if (diagnosis?.cause === "restored_from_backup") {
    return `decide, as docs/backup.md explains: evergrant connections release ${id} tries the stored token, evergrant connect --connection ${id} asks the account's user`;
  }
  if (diagnosis?.cause === "moved_out") {
    return `as docs/moving.md explains: evergrant connections disconnect ${id} when it works elsewhere, evergrant connections release ${id} if it was not taken`;
  }
  switch (status) {
    case "reauthorization_required":
      return `the account's user signs in again: evergrant connect --connection ${id}`;
    case "disconnected":
      return `connect the account anew: evergrant connect --client ${client}`;
    case "degraded":
      return diagnosis?.who_acts === "user"
        ? `the account's user signs in again: evergrant connect --connection ${id}`
        : null;
    case "active":
    case "suspended":
      return null;
  }
}
