import { sql } from "kysely";

/** What a connection that is stored as active can lack (`connection/lack.ts`). */
export const LACKS = sql<boolean>`(connections.missing_scopes <> '[]' or connections.claims is not null)`;

/** A new consent would help the connection. */
export const NEEDS_ITS_USER = sql<boolean>`(connections.status = 'reauthorization_required'
  or connections.status <> 'disconnected' and ${LACKS}
  or connections.status = 'degraded' and connections.diagnosis like '{"cause":"refresh_token_missing"%')`;
