import type { HistoryEntry } from "../api/connection.ts";
import { plain } from "../design/plain.ts";

export type Tone = "good" | "bad" | "waiting" | "calm";

interface Words {
  text: string;
  tone: Tone;
}

/** What happened, in plain words; what a later version adds is told by its name. */
export function wordsOf({ kind }: Pick<HistoryEntry, "kind">): Words {
  return WORDS.get(kind) ?? { text: plain(kind), tone: "calm" };
}

const WORDS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ["connected", { text: "The account was connected", tone: "good" }],
  ["imported", { text: "Its tokens were brought from elsewhere", tone: "good" }],
  ["refreshed", { text: "The provider gave a new access token", tone: "good" }],
  ["refresh_failed", { text: "A refresh did not succeed; it is tried again", tone: "waiting" }],
  ["answer_lost", { text: "The provider's answer did not arrive", tone: "waiting" }],
  ["degraded", { text: "Something is wrong since then", tone: "waiting" }],
  ["expiring", { text: "Its consent comes to its end", tone: "waiting" }],
  ["recovered", { text: "It works again", tone: "good" }],
  ["reauthorization_required", { text: "Somebody has to sign in again since then", tone: "bad" }],
  ["reauthorized", { text: "Its user signed in again", tone: "good" }],
  ["account_switched", { text: "Another account took the place of the former one", tone: "calm" }],
  ["superseded", { text: "Tokens arrived that others had replaced already; they are kept as a spare", tone: "calm" }],
  ["spare_promoted", { text: "A spare refresh token took the place of the rejected one", tone: "good" }],
  ["recovered_from_journal", { text: "Tokens were brought back from the journal", tone: "good" }],
  ["recovered_from_memory", { text: "Tokens were stored after the database was back", tone: "good" }],
  ["rejection_held", { text: "The provider rejected it, which is not believed yet", tone: "waiting" }],
  ["reprieved", { text: "It is tried once more, because the provider had a bad hour", tone: "calm" }],
  ["held_after_restore", { text: "Held, because the database was restored from a backup", tone: "waiting" }],
  ["released_after_restore", { text: "Let go on after the restore", tone: "calm" }],
  ["security_event", { text: "The provider told of a security event", tone: "waiting" }],
  ["disconnected", { text: "It was disconnected", tone: "calm" }],
]);
