import { z } from "zod";
import type { Selectable } from "kysely";
import type {
  ConnectProblem,
  ConnectSession,
  ConnectSessionStatus,
  ConnectSessionStore,
} from "../connect/connect-session.ts";
import { ERROR_CODES } from "../runtime/service-error.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn, stringList, stringMap } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

const accounts = z.object({ expected: z.string().nullable(), given: z.string().nullable() });
const problemColumn = jsonColumn<ConnectProblem>(
  z.object({
    code: z.enum(ERROR_CODES),
    detail: z.string(),
    missing: z.array(z.string()).exactOptional(),
    accounts: accounts.exactOptional(),
  }),
);
const statusColumn = z.enum(["created", "started", "authorized", "exchanging", "switching", "completed", "failed"]);
const completionColumn = z.enum(["confirm", "automatic"]);

export function createConnectSessionStore(database: Database): ConnectSessionStore {
  return {
    create: (session) =>
      database.write(async (queries) => {
        await forgetUndecided(queries);
        await queries
          .insertInto("connect_sessions")
          .values({
            id: session.id,
            tenant_id: session.tenantId,
            client_id: session.clientId,
            connection_id: session.connectionId,
            end_user: session.endUser,
            scopes: stringList.write(session.scopes),
            required_scopes: stringList.write(session.requiredScopes),
            parameters: stringMap.write(session.parameters),
            return_url: session.returnUrl,
            completion: session.completion,
            switch_epoch: session.switchEpoch,
            status: "created" satisfies ConnectSessionStatus,
            link_hash: session.linkHash,
            created_at: egNow,
            expires_at: session.expiresAt,
          })
          .execute();
      }),

    find: (id) => database.read((queries) => findWhere(queries, "id", id)),
    findByState: (stateHash) => database.read((queries) => findWhere(queries, "state_hash", stateHash)),

    start: (id, attempt) =>
      change(database, id, ["created", "started"], {
        status: "started",
        state_hash: attempt.stateHash,
        browser_hash: attempt.browserHash,
        nonce: attempt.nonce,
        redirect_uri: attempt.redirectUri,
        code_verifier: attempt.sealedCodeVerifier,
      }),
    advance: (id, from, to) => change(database, id, [from], { status: to }),
    authorize: (id, sealedCode) => change(database, id, ["started"], { status: "authorized", code: sealedCode }),
    askToSwitch: async (id, sealedArrival, problem) => {
      await change(database, id, ["exchanging"], {
        status: "switching",
        problem: problemColumn.write(problem),
        ...SPENT,
        arrival: sealedArrival,
      });
    },

    complete: async (id, connectionId, problem) => {
      await change(database, id, ["exchanging"], {
        status: "completed",
        connection_id: connectionId,
        problem: problem && problemColumn.write(problem),
        ...SPENT,
      });
    },
    fail: async (id, problem) => {
      await change(database, id, ["started", "exchanging", "switching"], {
        status: "failed",
        problem: problemColumn.write(problem),
        ...SPENT,
      });
    },

    prune: (before) =>
      database.write(async (queries) => {
        await queries.deleteFrom("connect_sessions").where("expires_at", "<", before).execute();
        await forgetUndecided(queries);
      }),
  };
}

/** Nobody decides any more what becomes of the tokens in them. */
async function forgetUndecided(queries: Queries): Promise<void> {
  const undecided = queries.updateTable("connect_sessions").set({ arrival: null }).where("arrival", "is not", null);
  await undecided.where("expires_at", "<=", egNow).execute();
}

/** What has done its work is not kept, sealed or not. */
const SPENT = { code: null, code_verifier: null, arrival: null };

type Changes = Partial<Omit<Schema["connect_sessions"], "status">> & { status: ConnectSessionStatus };

/** A compare-and-set on the status: true for the one that made the change. */
function change(
  database: Database,
  id: string,
  from: readonly ConnectSessionStatus[],
  changes: Changes,
): Promise<boolean> {
  return database.write(async (queries) => {
    const changed = await queries
      .updateTable("connect_sessions")
      .set(changes)
      .where("id", "=", id)
      .where("status", "in", [...from])
      .executeTakeFirst();
    return changed.numUpdatedRows > 0n;
  });
}

async function findWhere(queries: Queries, column: "id" | "state_hash", value: string): Promise<ConnectSession | null> {
  const row = await queries.selectFrom("connect_sessions").selectAll().where(column, "=", value).executeTakeFirst();
  return row ? sessionOf(row) : null;
}

function sessionOf(row: Selectable<Schema["connect_sessions"]>): ConnectSession {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    clientId: row.client_id,
    connectionId: row.connection_id,
    endUser: row.end_user,
    scopes: stringList.read(row.scopes),
    requiredScopes: stringList.read(row.required_scopes),
    parameters: stringMap.read(row.parameters),
    returnUrl: row.return_url,
    completion: completionColumn.parse(row.completion),
    switchEpoch: row.switch_epoch,
    status: statusColumn.parse(row.status),
    linkHash: row.link_hash,
    attempt:
      row.state_hash === null || row.browser_hash === null || row.nonce === null
        ? null
        : {
            stateHash: row.state_hash,
            browserHash: row.browser_hash,
            nonce: row.nonce,
            redirectUri: row.redirect_uri,
            sealedCodeVerifier: row.code_verifier,
          },
    sealedCode: row.code,
    sealedArrival: row.arrival,
    problem: row.problem === null ? null : problemColumn.read(row.problem),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
