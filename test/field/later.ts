import { openRaw } from "../stage/raw-database.ts";
import type { Stage } from "../stage/stage.ts";

/** So much time passes at once, as for a machine that slept; and a moment, in which the service gives a sign of life again. */
export async function later(
  { clock, settings }: Pick<Stage, "clock" | "settings">,
  milliseconds: number,
): Promise<void> {
  if (settings.database.kind !== "sqlite") throw new Error("The stage has an SQLite file.");
  await clock.leap(milliseconds);
  const awake = Math.floor(clock.now());
  const database = openRaw(settings.database.path, { readonly: true });
  while (Number(database.value("select max(heartbeat_at) from instances")) < awake) await clock.advance(10);
  database.close();
}
