import type { Connection } from "./connection.ts";

/** Whose account it is, by the best name there is. */
export function describeAccount({ account, end_user: endUser }: Pick<Connection, "account" | "end_user">): string {
  return account?.label ?? account?.id ?? endUser ?? "unknown account";
}
