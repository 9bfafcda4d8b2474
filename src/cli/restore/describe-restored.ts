import type { Marked } from "./mark-database.ts";

export interface Restored extends Marked {
  database: string;
  /** Where the database is kept that was there before; null when there was none. */
  kept: string | null;
}

/** What was done, and what the next start is going to do. */
export function describeRestored(restored: Restored): string {
  const { database, kept, as_of: asOf, connections } = restored;
  const time = asOf === null ? "as of an unknown time" : `as of ${asOf}`;
  const before = kept === null ? [] : [`The one before is kept as ${kept}.`];
  const lines = [`${database} has ${connections} connections, ${time}.`, ...before];
  return [...lines, ...(restored.clone ? describeClone(restored) : describeStart(restored))].join("\n");
}

function describeClone({ blanked }: Restored): string[] {
  return [
    `It is a clone. The refresh tokens of ${blanked} connections were deleted from it, as they can only serve the original.`,
    "Their access tokens are good until they expire; then their users have to reconnect here.",
  ];
}

function describeStart({ replayed, held }: Restored): string[] {
  return [
    `The next start brings newer tokens of ${replayed} connections from the journal in the data directory.`,
    held === 0
      ? "It holds no connection: what is not in the journal has not changed since."
      : `It holds ${held} connections until you decide about them: the newest refresh token of these may be lost. See docs/backup.md.`,
  ];
}
