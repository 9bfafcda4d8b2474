import { RowFault, type FaultyRow, type ImportRow } from "./import-row.ts";
import { secretOf, textOf, timeOf, type SourceRecord } from "./source-record.ts";

/** How a library names the columns of the table in which it keeps the accounts that users have signed in with. */
export interface AccountTable {
  tables: readonly string[];
  provider: readonly string[];
  accountId: readonly string[];
  userId: readonly string[];
  accessToken: readonly string[];
  refreshToken: readonly string[];
  expiresAt: readonly string[];
  refreshExpiresAt: readonly string[];
}

/** Auth.js. */
export const AUTHJS: AccountTable = {
  tables: ["accounts", "Account", "account", "next_auth.accounts"],
  provider: ["provider"],
  accountId: ["providerAccountId", "provider_account_id"],
  userId: ["userId", "user_id"],
  accessToken: ["access_token"],
  refreshToken: ["refresh_token"],
  expiresAt: ["expires_at"],
  refreshExpiresAt: [],
};

/** better-auth. */
export const BETTER_AUTH: AccountTable = {
  tables: ["account", "accounts"],
  provider: ["providerId", "provider_id"],
  accountId: ["accountId", "account_id"],
  userId: ["userId", "user_id"],
  accessToken: ["accessToken", "access_token"],
  refreshToken: ["refreshToken", "refresh_token"],
  expiresAt: ["accessTokenExpiresAt", "access_token_expires_at"],
  refreshExpiresAt: ["refreshTokenExpiresAt", "refresh_token_expires_at"],
};

/** A row of such a table. */
export function accountRow(record: SourceRecord, columns: AccountTable): ImportRow | FaultyRow {
  const provider = textOf(record, ...columns.provider);
  const account = textOf(record, ...columns.accountId);
  if (provider === null || account === null) {
    const fault = new RowFault("malformed", `It has no ${columns.provider[0]} or no ${columns.accountId[0]}.`);
    return { sourceId: account ?? provider ?? "?", fault };
  }
  return {
    sourceId: `${provider}/${account}`,
    clientNames: [provider],
    oauthClientId: null,
    account: { id: account },
    endUser: textOf(record, ...columns.userId),
    labels: {},
    tokens: () => ({
      accessToken: secretOf(record, ...columns.accessToken),
      refreshToken: secretOf(record, ...columns.refreshToken),
      expiresAt: timeOf(record, ...columns.expiresAt),
      refreshExpiresAt: timeOf(record, ...columns.refreshExpiresAt),
      // better-auth joins scopes with commas.
      scope: textOf(record, "scope")?.replaceAll(",", " ") ?? null,
    }),
  };
}
