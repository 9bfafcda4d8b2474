import { hasNews, relationOf, type Seen } from "../../refresh/restore-evidence.ts";
import type { Past } from "../../refresh/restores.ts";
import { readSeen } from "../../service/restore-guard-file.ts";
import type { Settings } from "../../service/settings.ts";
import type { Database } from "../../store/database.ts";
import { createRestoreStore } from "../../store/restores.ts";
import { pastOf } from "../restore/known-past.ts";
import { fine, warning, wrong, type Finding } from "./finding.ts";

const CHECK = "restore";
const DECIDE = "Decide about them as docs/backup.md explains, with evergrant connections release or reconnect.";

/** Whether the database is the one that this data directory has seen last, and who waits for a decision after a restore. */
export async function checkRestore({ dataDir }: Settings, database: Database): Promise<Finding[]> {
  const past = await pastOf(database);
  if (past === null) return [];
  const held = await createRestoreStore(database).held();
  return [
    judge(await readSeen(dataDir), past),
    ...(held === 0 ? [] : [warning(CHECK, `${held} connections are held after a restore`, DECIDE)]),
  ];
}

function judge(seen: Seen | null, past: Past): Finding {
  if (past.restore?.pending === true) return restored("was restored");
  if (seen === null) return fine(CHECK, "nothing is known of the database's past in this data directory");
  switch (relationOf(seen, past)) {
    case "clone":
      return wrong(
        "settings",
        CHECK,
        "one of the database and the data directory belongs to a clone, and the other to the original",
        "Give each its own EVERGRANT_DATA_DIR.",
      );
    case "other":
      return warning(
        CHECK,
        "the journal in this data directory is that of another database",
        "Check EVERGRANT_DATABASE_URL and EVERGRANT_DATA_DIR if that is not meant.",
      );
    case "same":
      if (past.beats < seen.beats) return restored(`is older than what was here on ${timeOf(seen.at)}`);
      if (hasNews(seen, past)) return restored("was restored");
      return fine(CHECK, "the database is the one that was here last");
  }
}

function restored(what: string): Finding {
  const next =
    "The next start replays the journal, and holds connections whose newest token it cannot know; docs/backup.md explains. A newer database has to be put back before.";
  return warning(CHECK, `the database ${what}`, next);
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
