import { Migrator } from "kysely";
import type { ColumnTypes } from "./column-types.ts";
import { unavailable, type Queries } from "./database.ts";
import { initial } from "./migrations/0001-initial.ts";
import { protocol } from "./migrations/0002-protocol.ts";
import { restore } from "./migrations/0003-restore.ts";
import { generations } from "./migrations/0004-generations.ts";
import { spentTokens } from "./migrations/0005-spent-tokens.ts";
import { providers } from "./migrations/0006-providers.ts";
import { access } from "./migrations/0007-access.ts";
import { keys } from "./migrations/0008-keys.ts";
import { rekeyProgress } from "./migrations/0009-rekey-progress.ts";
import { clientSecrets } from "./migrations/0010-client-secrets.ts";
import { audit } from "./migrations/0011-audit.ts";
import { tenants } from "./migrations/0012-tenants.ts";
import { clientKeys } from "./migrations/0013-client-keys.ts";
import { operatorSessions } from "./migrations/0014-operator-sessions.ts";
import { tenantWall } from "./migrations/0015-tenant-wall.ts";
import { dpop } from "./migrations/0016-dpop.ts";
import { operatorSignIn } from "./migrations/0017-operator-sign-in.ts";
import { outbox } from "./migrations/0018-outbox.ts";
import { notifications } from "./migrations/0019-notifications.ts";
import { incidents } from "./migrations/0020-incidents.ts";
import { reauthorization } from "./migrations/0021-reauthorization.ts";
import { scopes } from "./migrations/0022-scopes.ts";
import { securityEvents } from "./migrations/0023-security-events.ts";
import { campaigns } from "./migrations/0024-campaigns.ts";
import { virtualRefreshTokens } from "./migrations/0025-virtual-refresh-tokens.ts";
import { exports } from "./migrations/0026-exports.ts";
import { dashboard } from "./migrations/0027-dashboard.ts";
import { egNow } from "./now.ts";

/** Every migration there has ever been, by name; Kysely runs them in this order and once. */
function migrationsFor(columnTypes: ColumnTypes) {
  return {
    "0001-initial": { up: initial(columnTypes) },
    "0002-protocol": { up: protocol(columnTypes) },
    "0003-restore": { up: restore(columnTypes) },
    "0004-generations": { up: generations(columnTypes) },
    "0005-spent-tokens": { up: spentTokens() },
    "0006-providers": { up: providers(columnTypes) },
    "0007-access": { up: access(columnTypes) },
    "0008-keys": { up: keys(columnTypes) },
    "0009-rekey-progress": { up: rekeyProgress(columnTypes) },
    "0010-client-secrets": { up: clientSecrets(columnTypes) },
    "0011-audit": { up: audit(columnTypes) },
    "0012-tenants": { up: tenants(columnTypes) },
    "0013-client-keys": { up: clientKeys() },
    "0014-operator-sessions": { up: operatorSessions(columnTypes) },
    "0015-tenant-wall": { up: tenantWall(columnTypes) },
    "0016-dpop": { up: dpop(columnTypes) },
    "0017-operator-sign-in": { up: operatorSignIn(columnTypes) },
    "0018-outbox": { up: outbox(columnTypes) },
    "0019-notifications": { up: notifications(columnTypes) },
    "0020-incidents": { up: incidents(columnTypes) },
    "0021-reauthorization": { up: reauthorization(columnTypes) },
    "0022-scopes": { up: scopes(columnTypes) },
    "0023-security-events": { up: securityEvents(columnTypes) },
    "0024-campaigns": { up: campaigns(columnTypes) },
    "0025-virtual-refresh-tokens": { up: virtualRefreshTokens(columnTypes) },
    "0026-exports": { up: exports(columnTypes) },
    "0027-dashboard": { up: dashboard(columnTypes) },
  };
}

const ANOTHER_VERSION = "The database was made by another version of Evergrant. Start that version, or a later one.";

/** Brings the schema up to date, in the transaction of `queries`. */
export async function migrate(queries: Queries, columnTypes: ColumnTypes): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrationsFor(columnTypes)) };
  const { error } = await new Migrator({ db: queries, provider, disableTransactions: true }).migrateToLatest();
  if (error !== undefined) throw isFromAnotherVersion(error) ? unavailable(ANOTHER_VERSION, error) : error;
  await queries
    .insertInto("tenants")
    .values({ id: "default", name: "Default", created_at: egNow })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Kysely says so of migrations that were run and are not in its list. */
function isFromAnotherVersion(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("corrupted migrations");
}
