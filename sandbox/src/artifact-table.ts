import type { Database } from "better-sqlite3";
import type { AdapterPayload } from "oidc-provider";

/** The grants, tokens, codes, sessions and interactions of the authorization server, by model and id. */
export interface ArtifactTable {
  save(model: string, id: string, payload: AdapterPayload, lifetimeSeconds: number | undefined): void;
  find(model: string, id: string): AdapterPayload | undefined;
  findByUid(model: string, uid: string): AdapterPayload | undefined;
  /** The user an artifact belongs to, or null when there is no such artifact. */
  userOf(model: string, id: string): string | null;
  /** Remembers the first use; a second one changes nothing. */
  consume(model: string, id: string): void;
  destroy(model: string, id: string): void;
  destroyByGrant(model: string, grantId: string): void;
  destroyByUser(user: string): void;
  /** Whatever belongs to any user. */
  destroyOfAllUsers(): void;
}

interface Row {
  payload: string;
  consumed_at: number | null;
  user: string | null;
}

export function createArtifactTable(database: Database): ArtifactTable {
  database.exec(schema);
  const columns = "SELECT payload, consumed_at, user FROM artifact";
  const find = database.prepare<[string, string], Row>(`${columns} WHERE model = ? AND id = ?`);
  const findByUid = database.prepare<[string, string], Row>(`${columns} WHERE model = ? AND uid = ?`);
  const save = database.prepare(
    `INSERT INTO artifact (model, id, payload, expires_at, grant_id, user, uid) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at,
       grant_id = excluded.grant_id, user = excluded.user, uid = excluded.uid`,
  );
  const consume = database.prepare(
    "UPDATE artifact SET consumed_at = coalesce(consumed_at, ?) WHERE model = ? AND id = ?",
  );
  const destroy = database.prepare("DELETE FROM artifact WHERE model = ? AND id = ?");
  const destroyByGrant = database.prepare("DELETE FROM artifact WHERE model = ? AND grant_id = ?");
  const destroyByUser = database.prepare("DELETE FROM artifact WHERE user = ?");
  const destroyOfAllUsers = database.prepare("DELETE FROM artifact WHERE user IS NOT NULL");
  const forgetExpired = database.prepare("DELETE FROM artifact WHERE expires_at < ?");

  return {
    save: (model, id, payload, lifetimeSeconds) => {
      const now = Date.now() / 1000;
      const expiresAt = lifetimeSeconds === undefined ? null : now + lifetimeSeconds;
      forgetExpired.run(now);
      const { grantId = null, accountId = null, uid = null } = payload;
      save.run(model, id, JSON.stringify(payload), expiresAt, grantId, accountId, uid);
    },
    find: (model, id) => read(find.get(model, id)),
    findByUid: (model, uid) => read(findByUid.get(model, uid)),
    userOf: (model, id) => find.get(model, id)?.user ?? null,
    consume: (model, id) => void consume.run(Date.now() / 1000, model, id),
    destroy: (model, id) => void destroy.run(model, id),
    destroyByGrant: (model, grantId) => void destroyByGrant.run(model, grantId),
    destroyByUser: (user) => void destroyByUser.run(user),
    destroyOfAllUsers: () => void destroyOfAllUsers.run(),
  };
}

/** Times are seconds since 1970, with fractions. */
const schema = `
CREATE TABLE IF NOT EXISTS artifact (
  model TEXT NOT NULL,
  id TEXT NOT NULL,
  payload TEXT NOT NULL,
  expires_at REAL,
  consumed_at REAL,
  grant_id TEXT,
  user TEXT,
  uid TEXT,
  PRIMARY KEY (model, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS artifact_by_grant ON artifact (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS artifact_by_user ON artifact (user) WHERE user IS NOT NULL;
CREATE INDEX IF NOT EXISTS artifact_by_uid ON artifact (uid) WHERE uid IS NOT NULL;
CREATE INDEX IF NOT EXISTS artifact_by_expiry ON artifact (expires_at) WHERE expires_at IS NOT NULL;
`;

function read(row: Row | undefined): AdapterPayload | undefined {
  if (row === undefined) return undefined;
  const payload: AdapterPayload = JSON.parse(row.payload);
  return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
}
