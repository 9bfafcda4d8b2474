import { sql } from "kysely";
import type { NewConnection } from "../../dist/connection/store.js";
import { sealTokenSet } from "../../dist/connection/token-record.js";
import { createId } from "../../dist/runtime/id.js";
import { secret } from "../../dist/runtime/secret.js";
import { systemClock, systemRandom } from "../../dist/service/system.js";
import { createConnectionStore } from "../../dist/store/connections.js";
import type { SharedDatabase } from "./database.ts";
import type { ServiceStage } from "./service-stage.ts";

const TENANT = "default";
const DAY = 86_400_000;

/** What all of them have in common. */
const ALIKE: Omit<NewConnection, "id" | "tenantId" | "clientId" | "providerId"> = {
  endUser: null,
  account: null,
  requestedScopes: [],
  grantedScopes: [],
  status: "active",
  diagnosis: null,
  policy: "eager",
  labels: {},
  consentedAt: null,
  lastProvenAt: null,
};

/** Writes connections of a client straight to the database, as an import would; nothing is due yet. Returns their ids. */
export async function populate(
  { shared, keyring }: Pick<ServiceStage, "shared" | "keyring">,
  { clientId, providerId, count }: { clientId: string; providerId: string; count: number },
): Promise<string[]> {
  const store = createConnectionStore(shared.database);
  const now = Date.now();
  const tokens = {
    accessToken: secret("an access token"),
    refreshToken: secret("a refresh token"),
    tokenType: "Bearer",
    obtainedAt: now,
    expiresAt: now + DAY,
    refreshExpiresAt: null,
    scope: ["files.read"],
    answerFields: {},
    dpopKey: null,
  };
  const ids: string[] = [];
  for (let made = 0; made < count; made++) {
    const id = createId("con", systemClock, systemRandom);
    const owner = { tenantId: TENANT, connectionId: id };
    const record = await sealTokenSet(keyring, owner, tokens, { generation: 1, origin: "import" });
    await store.create({ ...ALIKE, id, tenantId: TENANT, clientId, providerId }, record, null, {
      kind: "imported",
      generation: 1,
      detail: {},
    });
    ids.push(id);
  }
  return ids;
}

/** All of them expire, and become due, at that moment. */
export async function expireAllAt({ database }: SharedDatabase, at: number): Promise<void> {
  await database.write(async (queries) => {
    await sql`update token_sets set expires_at = ${at}`.execute(queries);
    await sql`update refresh_leases set due_at = ${at}`.execute(queries);
  });
}
