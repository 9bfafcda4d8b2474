import { RowFault, type FaultyRow, type ImportRow } from "./import-row.ts";
import { isRecord, recordOf, secretOf, textOf, timeOf, type SourceRecord } from "./source-record.ts";

/** Connectors nest them in an object of their own choice, and never deep. */
const DEEPEST = 6;

/** The refresh tokens in the configuration of an Airbyte source, wherever its connector keeps them. */
export function airbyteRows(record: SourceRecord): (ImportRow | FaultyRow)[] {
  const id = textOf(record, "sourceId", "source_id", "id") ?? textOf(record, "name");
  const configuration = CONFIGURATIONS.map((name) => recordOf(record, name)).find((found) => found !== null) ?? record;
  const found = holders(configuration, [], 0);
  if (found.length === 0) {
    const fault = new RowFault("no_refresh_token", "Its configuration has no refresh token.");
    return [{ sourceId: id ?? "?", fault }];
  }
  return found.map(({ holder, path }, index) => {
    const sourceId = `${id ?? "?"}${index === 0 ? "" : `#${path.join(".")}`}`;
    const oauthClientId = textOf(holder, "client_id", "clientId") ?? textOf(configuration, "client_id", "clientId");
    const names = [textOf(record, "sourceType", "sourceName", "source_type"), oauthClientId, textOf(record, "name")];
    return {
      sourceId,
      clientNames: names.filter((name) => name !== null),
      oauthClientId,
      account: null,
      endUser: textOf(record, "workspaceId", "workspace_id"),
      labels: { airbyte_source_id: (id ?? "").slice(0, 200) },
      tokens: () => tokensOf(holder),
    };
  });
}

const CONFIGURATIONS = ["configuration", "connectionConfiguration", "connection_configuration"];

interface Holder {
  holder: SourceRecord;
  path: string[];
}

function holders(value: unknown, path: string[], depth: number): Holder[] {
  if (!isRecord(value) || depth > DEEPEST) return [];
  if (textOf(value, "refresh_token", "refreshToken") !== null) return [{ holder: value, path }];
  return Object.entries(value).flatMap(([name, inner]) => holders(inner, [...path, name], depth + 1));
}

function tokensOf(holder: SourceRecord) {
  const refreshToken = secretOf(holder, "refresh_token", "refreshToken");
  if (/^\*+$/.test(refreshToken?.reveal() ?? "")) {
    throw new RowFault(
      "sealed",
      "Airbyte's API shows secrets as asterisks: take the configuration from where Airbyte keeps its secrets.",
    );
  }
  return {
    accessToken: secretOf(holder, "access_token", "accessToken"),
    refreshToken,
    expiresAt: timeOf(holder, "token_expiry_date", "tokenExpiryDate"),
    refreshExpiresAt: null,
    scope: textOf(holder, "scope", "scopes"),
  };
}
