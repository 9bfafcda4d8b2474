import { createDecipheriv } from "node:crypto";
import { RowFault, type FaultyRow, type ImportRow, type RowTokens } from "./import-row.ts";
import { recordOf, secretOf, textOf, timeOf, type SourceRecord } from "./source-record.ts";

/** Where its connections are stored; a self-hosted Nango keeps its tables in a schema of its own. */
export const NANGO_TABLES = ["_nango_connections", "nango._nango_connections"] as const;

/** A row of the table; null for one that was deleted there, which keeps its row. */
export function nangoRow(record: SourceRecord, key: Uint8Array | null): ImportRow | FaultyRow | null {
  if (isDeleted(record)) return null;
  const id = textOf(record, "connection_id");
  const config = textOf(record, "provider_config_key");
  if (id === null || config === null) {
    const fault = new RowFault("malformed", "It has no connection_id or no provider_config_key.");
    return { sourceId: id ?? textOf(record, "id") ?? "?", fault };
  }
  return {
    ...describe(id, config, record),
    tokens: () => nangoTokens(opened(record, key)),
  };
}

/** What both the table and the API say of a connection. */
export function describe(id: string, config: string, record: SourceRecord): Omit<ImportRow, "tokens"> {
  const user = recordOf(record, "end_user");
  const provider = textOf(record, "provider");
  return {
    sourceId: `${config}/${id}`,
    clientNames: [config, ...(provider === null ? [] : [provider])],
    oauthClientId: null,
    account: null,
    endUser: (user && textOf(user, "id")) ?? null,
    labels: { nango_connection_id: id, nango_provider_config_key: config },
  };
}

/** Of an OAuth 2.0 connection; every other kind has nothing to refresh. */
export function nangoTokens(credentials: SourceRecord): RowTokens {
  const type = textOf(credentials, "type");
  if (type !== "OAUTH2") {
    throw new RowFault("no_refresh_token", `It is of the type ${type ?? "unknown"}, which has no refresh token.`);
  }
  return {
    accessToken: secretOf(credentials, "access_token"),
    refreshToken: secretOf(credentials, "refresh_token"),
    expiresAt: timeOf(credentials, "expires_at"),
    refreshExpiresAt: null,
    scope: textOf(recordOf(credentials, "raw") ?? {}, "scope"),
  };
}

function isDeleted(record: SourceRecord): boolean {
  const { deleted } = record;
  return deleted === true || deleted === 1 || deleted === "t" || deleted === "true";
}

/** The column has the credentials themselves, or sealed ones where the instance has an encryption key. */
function opened(record: SourceRecord, key: Uint8Array | null): SourceRecord {
  const column = recordOf(record, "credentials") ?? {};
  const sealed = textOf(column, "encrypted_credentials");
  if (sealed === null) return column;
  const [iv, tag] = [textOf(record, "credentials_iv"), textOf(record, "credentials_tag")];
  if (iv === null || tag === null) throw new RowFault("malformed", "It is encrypted and has no credentials_iv or tag.");
  if (key === null) throw new RowFault("sealed", "It is encrypted: set NANGO_ENCRYPTION_KEY to the instance's key.");
  return recordOf({ credentials: unseal(key, { sealed, iv, tag }) }, "credentials") ?? {};
}

/** AES-256-GCM with a nonce and a tag in columns of their own, all in base64. */
function unseal(key: Uint8Array, { sealed, iv, tag }: Record<"sealed" | "iv" | "tag", string>): string {
  try {
    const options = { authTagLength: 16 };
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64"), options);
    decipher.setAuthTag(Buffer.from(tag, "base64"));
    return Buffer.concat([decipher.update(sealed, "base64"), decipher.final()]).toString("utf8");
  } catch {
    throw new RowFault(
      "sealed",
      "NANGO_ENCRYPTION_KEY does not open it: it is another instance's key, or was changed.",
    );
  }
}
