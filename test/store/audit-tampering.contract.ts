import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { chainHash, GENESIS, signHead } from "../../src/access/audit-chain.ts";
import { verifyChain, type ChainReport } from "../../src/access/verify-audit.ts";
import { secret } from "../../src/runtime/secret.ts";
import { DAY } from "../../src/runtime/clock.ts";
import { createAuditStore } from "../../src/store/audit.ts";
import type { Database, Queries } from "../../src/store/database.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AUDIT_KEY, openAuditStage, type AuditStage } from "./audit-stage.ts";

const FORGED = secret(Buffer.alloc(32, 8));

type Tampering = (queries: Queries, stage: AuditStage) => Promise<unknown>;

const run = (text: string): Tampering => {
  return (queries) => sql.raw(text).execute(queries);
};

function several(...steps: readonly Tampering[]): Tampering {
  return async (queries, stage) => {
    for (const step of steps) await step(queries, stage);
  };
}

/** Computes the chain anew from `from` on, as one would who can write to the database and knows how it is made. */
const rehash =
  (from: number, { head } = { head: true }): Tampering =>
  async (queries, { database }) => {
    const within = createAuditStore({ ...database, read: (work) => work(queries) }, FORGED);
    const [before] = await within.following("default", from - 2, 1);
    let previous = from === 1 ? GENESIS : (before?.hash ?? "");
    const entries = await within.following("default", from - 1, 100);
    for (const { hash: _hash, ...entry } of entries) {
      previous = chainHash(previous, entry);
      await queries.updateTable("audit").set({ hash: previous }).where("seq", "=", entry.seq).execute();
    }
    if (!head) return;
    const seq = entries.at(-1)?.seq ?? from - 1;
    const signature = signHead(FORGED, { tenantId: "default", seq, hash: previous });
    await queries.updateTable("audit_heads").set({ seq, hash: previous, signature }).execute();
  };

const renumber = run(`update audit set seq = seq - 1 where seq > 3`);

/** Ten entries, of which the first five have a checkpoint. */
const TAMPERINGS: readonly [name: string, how: Tampering, finding: Pick<ChainReport, "first_bad_seq" | "problem">][] = [
  ["a changed actor", run("update audit set actor_id = 'key_x' where seq = 7"), bad(7, "changed")],
  ["a changed time", run("update audit set at = at + 1 where seq = 1"), bad(1, "changed")],
  ["a changed detail", run(`update audit set detail = '{"scopes":"admin"}' where seq = 3`), bad(3, "changed")],
  ["a detail that is none", run(`update audit set detail = '{' where seq = 3`), bad(3, "changed")],
  ["an act that nobody knows", run("update audit set act = 'x' where seq = 2"), bad(2, "changed")],
  ["a changed hash", run("update audit set hash = 'ff' where seq = 4"), bad(4, "changed")],
  ["a removed entry", run("delete from audit where seq = 3"), bad(3, "missing")],
  ["a removed first entry", run("delete from audit where seq = 1"), bad(1, "missing")],
  ["a removed tail", run("delete from audit where seq > 8"), bad(9, "missing")],
  [
    "a tail removed with its head, before a checkpoint",
    several(run("delete from audit where seq > 4"), rehash(4)),
    bad(1, "forged_head"),
  ],
  ["everything removed", run("delete from audit"), bad(1, "missing")],
  [
    "everything removed with the head, but for the checkpoint",
    several(run("delete from audit"), run("delete from audit_heads")),
    bad(1, "missing"),
  ],
  ["a removed head", run("delete from audit_heads"), bad(1, "forged_head")],
  [
    "two entries that changed places",
    several(
      run("update audit set seq = 1000 where seq = 7"),
      run("update audit set seq = 7 where seq = 8"),
      run("update audit set seq = 8 where seq = 1000"),
    ),
    bad(7, "changed"),
  ],
  [
    "an inserted entry, behind the end",
    run(
      `insert into audit select tenant_id, seq + 1, at, act, actor_kind, actor_id, object_id, from_address, detail, hash
       from audit where seq = 10`,
    ),
    bad(11, "changed"),
  ],
  [
    "an entry behind the end that is chained as it should be",
    several(
      run(
        `insert into audit select tenant_id, seq + 1, at, act, actor_kind, actor_id, object_id, from_address, detail, hash
         from audit where seq = 10`,
      ),
      rehash(11, { head: false }),
    ),
    bad(11, "added"),
  ],
  [
    "an inserted entry, within",
    several(
      run("update audit set seq = seq + 100 where seq > 7"),
      run("update audit set seq = seq - 99 where seq > 100"),
      run(
        `insert into audit select tenant_id, 8, at, act, actor_kind, actor_id, object_id, from_address, detail, hash
         from audit where seq = 7`,
      ),
    ),
    bad(8, "changed"),
  ],
  [
    "a chain written anew after a change behind the checkpoint",
    several(run("update audit set object_id = 'key_x' where seq = 7"), rehash(7)),
    bad(6, "forged_head"),
  ],
  [
    "a chain written anew after a change before the checkpoint",
    several(run("update audit set object_id = 'key_x' where seq = 2"), rehash(2)),
    bad(1, "rewritten"),
  ],
  [
    "a chain written anew without an entry",
    several(run("delete from audit where seq = 3"), renumber, rehash(3)),
    bad(1, "rewritten"),
  ],
  [
    "a checkpoint of another hash",
    run("update audit_checkpoints set hash = (select hash from audit where seq = 4)"),
    bad(1, "forged_checkpoint"),
  ],
  ["a checkpoint that somebody else signed", run("update audit_checkpoints set at = 1"), bad(1, "forged_checkpoint")],
  [
    "a head of before the checkpoint",
    run("update audit_heads set seq = 4, hash = (select hash from audit where seq = 4)"),
    bad(1, "forged_head"),
  ],
];

function bad(first_bad_seq: number, problem: ChainReport["problem"]) {
  return { first_bad_seq, problem };
}

/** What verification has to find, whoever changes the database behind the service's back. */
export function auditTamperingContract(kind: DatabaseKind): void {
  describe(`a tampered audit log on ${kind.name}`, () => {
    test.each(TAMPERINGS)("is found out by %s", async (_name, how, finding) => {
      const stage = await openAuditStage(kind);
      for (let index = 1; index <= 5; index++) await stage.makeKey(`key_${index}`);
      await stage.clock.advance(DAY);
      await stage.audit.makeCheckpoints(DAY);
      for (let index = 6; index <= 10; index++) await stage.makeKey(`key_${index}`);
      expect(await verifyChain(stage.audit, AUDIT_KEY, "default")).toMatchObject({
        first_bad_seq: null,
        entries: 10,
        signed_up_to: 10,
      });
      await tamper(stage.database, kind, (queries) => how(queries, stage));
      expect(await verifyChain(stage.audit, AUDIT_KEY, "default")).toMatchObject(finding);
    });

    test("is not sound under another audit key", async () => {
      const { audit, makeKey } = await openAuditStage(kind);
      await makeKey("key_1");
      expect(await verifyChain(audit, FORGED, "default")).toMatchObject(bad(1, "forged_head"));
    });
  });
}

/** Past the triggers, as the owner of the tables can. */
async function tamper(database: Database, kind: DatabaseKind, work: (queries: Queries) => Promise<unknown>) {
  const tables = ["audit", "audit_checkpoints"];
  await database.write(async (queries) => {
    for (const table of tables) {
      if (kind.name === "PostgreSQL") {
        await sql.raw(`alter table ${table} disable trigger user`).execute(queries);
      } else {
        for (const change of ["update", "delete"]) {
          await sql.raw(`drop trigger ${table}_no_${change}`).execute(queries);
        }
      }
    }
    await work(queries);
    if (kind.name !== "PostgreSQL") return;
    for (const table of tables) await sql.raw(`alter table ${table} enable trigger user`).execute(queries);
  });
}
