import type { AccessTables } from "./schema/access.ts";
import type { CampaignTables } from "./schema/campaigns.ts";
import type { ClientTables } from "./schema/clients.ts";
import type { ConnectionTables } from "./schema/connections.ts";
import type { EventTables } from "./schema/events.ts";
import type { ExportTables } from "./schema/exports.ts";
import type { IncidentTables } from "./schema/incidents.ts";
import type { InstallationTables } from "./schema/installation.ts";
import type { SecurityEventTables } from "./schema/security-events.ts";

/** The tables as Kysely sees them. Times are epoch milliseconds by `eg_now()`; lists and maps are JSON text; tokens are sealed. */
export interface Schema
  extends
    InstallationTables,
    ClientTables,
    ConnectionTables,
    EventTables,
    ExportTables,
    IncidentTables,
    CampaignTables,
    SecurityEventTables,
    AccessTables {}
