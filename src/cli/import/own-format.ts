import { RowFault, type FaultyRow, type ImportRow } from "./import-row.ts";
import { recordOf, secretOf, textOf, timeOf, type SourceRecord } from "./source-record.ts";

const COLUMNS: ReadonlySet<string> = new Set([
  "id",
  "client",
  "oauth_client_id",
  "provider",
  "account_id",
  "account_label",
  "end_user",
  "labels",
  "access_token",
  "refresh_token",
  "expires_at",
  "refresh_expires_at",
  "scope",
]);
const LABEL = "label.";

/** A row of our own format (docs/moving.md), which `evergrant export open` writes too. `number` names one that has no id. */
export function ownRow(record: SourceRecord, number: number): ImportRow | FaultyRow {
  const sourceId = textOf(record, "id") ?? `row ${number}`;
  const unknown = Object.keys(record).findIndex((name) => !COLUMNS.has(name) && !name.startsWith(LABEL));
  if (unknown >= 0) {
    // Not by its name: in a file without a header that is a token.
    const fault = new RowFault("malformed", `Its field ${unknown + 1} is not one of those that docs/moving.md lists.`);
    return { sourceId: `row ${number}`, fault };
  }
  const account = textOf(record, "account_id");
  const label = textOf(record, "account_label");
  return {
    sourceId,
    clientNames: [textOf(record, "client"), textOf(record, "provider")].filter((name) => name !== null),
    oauthClientId: textOf(record, "oauth_client_id"),
    account: account === null ? null : { id: account, ...(label !== null && { label }) },
    endUser: textOf(record, "end_user"),
    labels: labelsOf(record),
    tokens: () => ({
      accessToken: secretOf(record, "access_token"),
      refreshToken: secretOf(record, "refresh_token"),
      expiresAt: timeOf(record, "expires_at"),
      refreshExpiresAt: timeOf(record, "refresh_expires_at"),
      scope: textOf(record, "scope"),
    }),
  };
}

/** An object under `labels`, or columns that begin with `label.`. */
function labelsOf(record: SourceRecord): Record<string, string> {
  const columns = Object.entries(record).filter(([name]) => name.startsWith(LABEL));
  const named = columns.map(([name, value]) => [name.slice(LABEL.length), value] as const);
  const all = [...Object.entries(recordOf(record, "labels") ?? {}), ...named];
  return Object.fromEntries(all.filter(isLabel));
}

function isLabel(entry: readonly [string, unknown]): entry is readonly [string, string] {
  return typeof entry[1] === "string" && entry[1] !== "";
}
