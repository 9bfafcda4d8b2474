import type { Connection } from "../api/connections.ts";

/** What people call a connection: its account, or else the application's user, or else its id. */
export function nameOf({ account, end_user, id }: Pick<Connection, "account" | "end_user" | "id">): string {
  return account?.label ?? account?.id ?? end_user ?? id;
}
