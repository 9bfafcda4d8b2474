import { randomBytes } from "node:crypto";
import { systemAct } from "../../access/audit.ts";
import { createCatalogue } from "../../provider/catalogue.ts";
import { relationOf, type Seen } from "../../refresh/restore-evidence.ts";
import { ageOf, ageSeenFrom, type Past } from "../../refresh/restores.ts";
import { staticProviders } from "../../refresh/static-providers.ts";
import type { Secret } from "../../runtime/secret.ts";
import { readBuiltInProviders } from "../../service/built-in-providers.ts";
import { StartError } from "../../service/start-error.ts";
import { auditing } from "../../store/auditing.ts";
import type { Database } from "../../store/database.ts";
import { createProviderStore } from "../../store/providers.ts";
import { makeClone } from "../../store/restore-clone.ts";
import { createRestoreStore } from "../../store/restores.ts";
import { CommandFailure } from "../command-failure.ts";
import { forecast } from "./forecast.ts";

export interface MarkRequest {
  /** Signs that it was done. */
  auditKey: Secret<Uint8Array>;
  asClone: boolean;
  dataDir: string;
  /** What the data directory remembers of its database. */
  seen: Seen | null;
  /** Of the database that is to be replaced; null when there is none that can be read. */
  replaced: Past | null;
  /** Nobody can have used it since the copy was made. */
  isFresh: boolean;
}

/** What a restored database is, and what the next start is going to do about it. */
export interface Marked {
  /** The database is as of this time or later; null when it does not say. */
  as_of: string | null;
  clone: boolean;
  connections: number;
  /** Connections whose refresh token was deleted, because the original goes on using it. */
  blanked: number;
  /** Connections of which the journal in the data directory has a newer token set. */
  replayed: number;
  /** Connections that will wait for an operator's decision. */
  held: number;
}

/** Makes a database say of itself that it was restored, or makes it a clone. */
export async function markDatabase(database: Database, request: MarkRequest): Promise<Marked> {
  const { asClone, dataDir, replaced } = request;
  const restores = createRestoreStore(database);
  const before = await known(restores.past());
  const clone = asClone ? cloneName(before, [request.seen, replaced]) : before.clone;
  refuseMixture({ installation: before.installation, clone }, [request.seen, replaced]);
  const seen = request.seen && relationOf(request.seen, before) === "same" ? request.seen : null;
  const statics = await staticProviders(createCatalogue(readBuiltInProviders(), createProviderStore(database)));
  const act = systemAct(asClone ? "database.cloned" : "database.restored", null);
  const audited = auditing(database, request.auditKey, act);
  let blanked = 0;
  if (asClone) blanked = await makeClone(audited, { name: clone ?? "", staticProviders: statics });
  else
    await createRestoreStore(audited).mark(
      request.isFresh || seen === null ? ageOf(before) : ageSeenFrom(before, seen.at),
    );
  const past = await known(restores.past());
  const foreseen = asClone
    ? { replayed: 0, held: 0 }
    : await forecast({ database, staticProviders: statics, dataDir, seen, past });
  const from = past.restore?.from ?? 0;
  return {
    as_of: from === 0 ? null : new Date(from).toISOString(),
    clone: clone !== null,
    connections: await countConnections(database),
    blanked,
    ...foreseen,
  };
}

async function known(past: Promise<Past | null>): Promise<Past> {
  const found = await past;
  if (!found) throw new StartError("database", "The database has lost its own id. Take another copy of it.");
  return found;
}

type Named = Pick<Past, "installation" | "clone">;

/** A clone that is made anew at the same place stays the same clone. */
function cloneName({ installation }: Past, places: readonly (Named | null)[]): string {
  const before = places.find((place) => place?.installation === installation && place.clone !== null);
  return before?.clone ?? randomBytes(8).toString("hex");
}

/** The journal of the original must never be brought to a clone, nor the other way round. */
function refuseMixture(restored: Named, places: readonly (Named | null)[]): void {
  if (!places.some((place) => place !== null && relationOf(place, restored) === "clone")) return;
  throw new CommandFailure({
    exit: "failed",
    code: "clone_and_original",
    detail:
      restored.clone === null
        ? "This is the place of a clone, and without --as-clone the backup would become a second original. Nothing was changed."
        : "This is the place of the original, which a clone must not take. Nothing was changed.",
    next: "Give the clone an EVERGRANT_DATA_DIR, and a database, of its own.",
  });
}

function countConnections(database: Database): Promise<number> {
  return database.read(async (queries) => {
    const { count } = await queries
      .selectFrom("connections")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return count;
  });
}
