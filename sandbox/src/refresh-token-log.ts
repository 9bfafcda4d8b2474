import type { AdapterPayload } from "oidc-provider";
import type { ArtifactTable } from "./artifact-table.ts";

/** What the server knows of one refresh token. Times are epoch milliseconds. */
export interface RefreshTokenRecord {
  token: string;
  /** The same for all that rotation made of one consent. */
  family: string;
  user: string;
  issuedAt: number;
  /** When it was first used; null while it has not been. */
  usedAt: number | null;
  /** When it was revoked, used or not; null while it has not been. */
  revokedAt: number | null;
  /** The token requests that presented it. `answeredAt` is null when there was nobody to answer. */
  requests: { arrivedAt: number; answeredAt: number | null }[];
}

/** What the server committed about refresh tokens, for whoever has to prove what became of each. */
export interface RefreshTokenLog {
  /** Oldest first. */
  records(): RefreshTokenRecord[];
  /** A request arrives; the function returned is called when its answer is handed to the socket. */
  presented(token: string): () => void;
  /** The table, with everything about refresh tokens noted that happens in it. */
  watch(artifacts: ArtifactTable): ArtifactTable;
}

const MODEL = "RefreshToken";
const recordLimit = 100_000;

/** Keeps the newest hundred thousand, in memory. */
export function createRefreshTokenLog(): RefreshTokenLog {
  const records = new Map<string, RefreshTokenRecord>();

  function issued(token: string, { grantId = "", accountId = "" }: AdapterPayload): void {
    if (records.has(token)) return;
    const issuedAt = Date.now();
    records.set(token, {
      token,
      family: grantId,
      user: accountId,
      issuedAt,
      usedAt: null,
      revokedAt: null,
      requests: [],
    });
    const oldest = records.keys().next().value;
    if (records.size > recordLimit && oldest !== undefined) records.delete(oldest);
  }

  function used(token: string): void {
    const record = records.get(token);
    if (record) record.usedAt ??= Date.now();
  }

  function revoked(isMeant: (record: RefreshTokenRecord) => boolean): void {
    const now = Date.now();
    for (const record of records.values()) if (isMeant(record)) record.revokedAt ??= now;
  }

  return {
    records: () => structuredClone([...records.values()]),
    presented: (token) => {
      const request: RefreshTokenRecord["requests"][number] = { arrivedAt: Date.now(), answeredAt: null };
      records.get(token)?.requests.push(request);
      return () => (request.answeredAt = Date.now());
    },
    watch: (artifacts) => ({
      ...artifacts,
      save: (model, id, payload, lifetimeSeconds) => {
        artifacts.save(model, id, payload, lifetimeSeconds);
        if (model === MODEL) issued(id, payload);
      },
      consume: (model, id) => {
        artifacts.consume(model, id);
        if (model === MODEL) used(id);
      },
      destroy: (model, id) => {
        artifacts.destroy(model, id);
        if (model === MODEL) revoked(({ token }) => token === id);
      },
      destroyByGrant: (model, grantId) => {
        artifacts.destroyByGrant(model, grantId);
        if (model === MODEL) revoked(({ family }) => family === grantId);
      },
      destroyByUser: (name) => {
        artifacts.destroyByUser(name);
        revoked(({ user }) => user === name);
      },
      destroyOfAllUsers: () => {
        artifacts.destroyOfAllUsers();
        revoked(() => true);
      },
    }),
  };
}
