import { existsSync } from "node:fs";
import { listInstances, folderPath } from "../../journal/folder.ts";
import { isOwnerGone, thisMachine } from "../../journal/owner.ts";
import { SILENCE } from "../../refresh/instances.ts";
import type { Past } from "../../refresh/restores.ts";
import { readSeen } from "../../service/restore-guard-file.ts";
import { systemClock } from "../../service/system.ts";
import { CommandFailure } from "../command-failure.ts";

/** Throws when a service gives signs of life on this database, or in this data directory. `past` is null when it is not known. */
export async function refuseWhileRunning(dataDir: string, past: Past | null): Promise<void> {
  const living = (past?.living ?? []).filter((id) => !hasEnded(dataDir, id));
  if (living.length > 0 || (await hasBeenUsedJustNow(dataDir))) throw running();
}

/** The journal in this data directory was noted in within the last seconds, and not by processes that have all ended. */
async function hasBeenUsedJustNow(dataDir: string): Promise<boolean> {
  const seen = await readSeen(dataDir);
  if (seen === null || Math.abs(systemClock.now() - seen.at) >= SILENCE) return false;
  return (await listInstances(dataDir)).some((id) => !hasEnded(dataDir, id));
}

function hasEnded(dataDir: string, instanceId: string): boolean {
  const folder = folderPath(dataDir, instanceId);
  return existsSync(folder) && isOwnerGone(folder, thisMachine);
}

export function running(): CommandFailure {
  return new CommandFailure({
    exit: "failed",
    code: "service_running",
    detail: "The service is running on this database, or was until a few seconds ago. Nothing was changed.",
    next: "Stop every process of it, wait ten seconds if one was killed, and run this again.",
  });
}
