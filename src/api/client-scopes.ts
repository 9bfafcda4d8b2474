import type { Client, ClientChanges } from "../client/client.ts";
import type { Clock } from "../runtime/clock.ts";
import { createId } from "../runtime/id.ts";
import type { Random } from "../runtime/random.ts";

/** A change of what a client requires has a name, by which it is told which connections it has changed; the same again is none. */
export function scopesChangeFor(
  { clock, random }: { clock: Clock; random: Random },
  { settings }: Client,
  required: readonly string[] | undefined,
): Pick<ClientChanges, "scopesChange"> {
  const isSame = required === undefined || required.join(" ") === settings.requiredScopes.join(" ");
  return isSame ? {} : { scopesChange: createId("chg", clock, random) };
}
