import type { Client } from "../client/client.ts";
import type { Cause, Confidence, Diagnosis, WhoActs } from "../connection/cause.ts";
import type { Notice } from "../connection/notice.ts";
import type { Company, Snapshot } from "../connection/store.ts";
import type { Rejected } from "../provider/outcome.ts";
import type { Provider } from "../provider/provider.ts";
import { TESTING_LIFE } from "./consent-end.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../runtime/clock.ts";

/** What is known at the moment of a rejection, besides what the provider said. Times are epoch milliseconds. */
export interface Circumstances {
  /** When the same refresh token was first sent with an answer that nobody knows; null when it never was. */
  answerLostAt: number | null;
  /** When an answer was lost before the success that brought the refresh token back as it was; null when none was. */
  lostBeforeReplayAt: number | null;
  held: Pick<Snapshot, "connection" | "tokens">;
  client: Pick<Client, "settings">;
  /** When the client's secret was last replaced; null when it never was. */
  secretChangedAt: number | null;
  provider: Pick<Provider, "lifetimes" | "most_refresh_tokens" | "rotation">;
  company: Company;
  /** What the provider said other than in an answer; null when it said nothing. */
  notice: Notice | null;
  now: number;
}

/** Rejections of one tenant within this time belong together. */
export const AT_ONCE = 10 * MINUTE;

/**
 * Why a refresh token was rejected (DESIGN §7). What the provider says for certain is the cause; where it says little, what has
 * happened to the connection before, and what happens to others now, says more.
 */
export function diagnose(rejected: Rejected, circumstances: Circumstances): Diagnosis {
  const told = toldBy(rejected, circumstances);
  const clue = isTelling(rejected, circumstances) ? null : clueOf(circumstances);
  // Where both name the same, the provider is surer.
  const guessed = clue === null || clue.cause === told.cause ? { ...clue, ...told } : clue;
  const found = noticed(rejected, circumstances) ?? guessed;
  return { ...found, evidence: { ...evidenceOf(rejected, circumstances), ...found.evidence } };
}

/** What the provider has said of this very connection is worth more than its usual words, and less than a reason that it is sure of. */
function noticed(rejected: Rejected, { notice, now }: Circumstances): Finding | null {
  if (notice === null || notice.cause === null || notice.until <= now) return null;
  if (rejected.confidence === "certain" && rejected.cause !== "unknown") return null;
  const { cause, confidence, event, at } = notice;
  return { cause, confidence, evidence: { security_event: event, security_event_at: at } };
}

/** A token from elsewhere that never worked here is likelier to be another client's, or none, than to have just been revoked. */
function neverWorked(circumstances: Circumstances): Finding | null {
  if (!hasNeverWorked(circumstances)) return null;
  return { cause: "unknown", confidence: "possible", whoActs: "operator", evidence: { never_worked: true } };
}

function hasNeverWorked({ held: { connection, tokens } }: Circumstances): boolean {
  return tokens.origin === "import" && connection.lastProvenAt === null;
}

/** Whoever had it before an import is likeliest to have used it in this time. */
const HANDED_OVER_WITHIN = 7 * DAY;

/**
 * Another system may have refreshed what was imported from it, with the refresh token that was imported, and so ended ours. Nobody
 * else had it where a person has consented since, and it does no harm where refresh tokens are never replaced.
 */
function isContested({ held: { connection }, provider, now }: Circumstances): boolean {
  if (!connection.isImported || connection.consentedAt !== null || provider.rotation === "never") return false;
  return now - connection.createdAt < HANDED_OVER_WITHIN;
}

/** What a previous owner's refresh would look like too is not said to be the user's doing, unless the provider is certain of it. */
function toldBy({ cause, confidence, whoActs }: Rejected, circumstances: Circumstances): Finding {
  const mayBeTheOwner = cause === "revoked_by_user" && confidence !== "certain" && isContested(circumstances);
  if (mayBeTheOwner) return { cause: "unknown", confidence: "possible" };
  return { cause, confidence, ...(whoActs && { whoActs }) };
}

function clueOf(circumstances: Circumstances): Finding | null {
  return CLUES.reduce<Finding | null>((found, clue) => found ?? clue(circumstances), null);
}

interface Finding {
  cause: Cause;
  confidence: Confidence;
  whoActs?: WhoActs;
  evidence?: Diagnosis["evidence"];
}

/** Reuse is what a lost answer looks like from the other side, and a token that never was this client's looks revoked. */
function isTelling({ cause, confidence }: Rejected, circumstances: Circumstances): boolean {
  if (confidence === "possible" || cause === "unknown" || cause === "refresh_token_reused") return false;
  if (cause !== "revoked_by_user") return true;
  return !hasNeverWorked(circumstances) && (confidence === "certain" || !isContested(circumstances));
}

function evidenceOf({ code, subcode, description, meaning }: Rejected, at: Circumstances): Diagnosis["evidence"] {
  const { connection, tokens } = at.held;
  const changedLately = at.secretChangedAt !== null && at.now - at.secretChangedAt < DAY;
  return {
    code,
    description,
    answer_lost_at: lostAt(at),
    ...(subcode !== null && { subcode }),
    ...(meaning !== null && { meaning }),
    ...(connection.consentedAt !== null && { days_since_consent: days(at.now - connection.consentedAt) }),
    days_since_refresh: days(at.now - tokens.obtainedAt),
    ...(isContested(at) && { previous_owner_may_refresh: true }),
    ...(changedLately && { client_secret_changed_at: at.secretChangedAt }),
  };
}

/** In the order in which they are believed. */
const CLUES: readonly ((circumstances: Circumstances) => Finding | null)[] = [
  lostAnswer,
  neverWorked,
  testingStatus,
  absoluteLife,
  saidLife,
  idleLife,
  tokenLimit,
  changedSecret,
  wholeTenant,
];

/** An earlier send of the same token whose answer never came is likelier than that the user acted just then. */
function lostAnswer(circumstances: Circumstances): Finding | null {
  return lostAt(circumstances) === null ? null : { cause: "rotation_lost", confidence: "likely" };
}

/**
 * Where refresh tokens are replaced, a success that brought back the old one after a lost answer proves little: while a replay is
 * answered, the old one works, and then only the one in the lost answer does.
 */
function lostAt({ answerLostAt, lostBeforeReplayAt, provider, held: { tokens } }: Circumstances): number | null {
  const replaces = provider.rotation === "always" || tokens.rotatedAt !== null;
  return answerLostAt ?? (replaces ? lostBeforeReplayAt : null);
}

/** Clocks differ, and nobody refreshes at the very moment. */
const TOLERANCE = HOUR;

/** Clients in status Testing have refresh tokens that live seven days from the consent. */
function testingStatus(circumstances: Circumstances): Finding | null {
  const { client, held, now } = circumstances;
  const { consentedAt } = held.connection;
  if (consentedAt === null || now - consentedAt < TESTING_LIFE - TOLERANCE) return null;
  if (client.settings.testing) return { cause: "testing_status_expired", confidence: "likely" };
  return wasSaidToLiveAWeek(circumstances) ? { cause: "testing_status_expired", confidence: "possible" } : null;
}

/** The server gave a token that it never replaces just that life, from the consent on. */
function wasSaidToLiveAWeek({ provider, held: { connection, tokens } }: Circumstances): boolean {
  if (provider.rotation !== "never" || tokens.refreshExpiresAt === null || connection.consentedAt === null)
    return false;
  return Math.abs(tokens.refreshExpiresAt - connection.consentedAt - TESTING_LIFE) < TOLERANCE;
}

function absoluteLife({ provider, held: { connection }, now }: Circumstances): Finding | null {
  const life = provider.lifetimes.absolute_seconds;
  if (life === null || connection.consentedAt === null) return null;
  const isOver = now - connection.consentedAt > life * SECOND - TOLERANCE;
  return isOver
    ? { cause: "absolute_lifetime_reached", confidence: "likely", evidence: { life_days: days(life * SECOND) } }
    : null;
}

/** The answer that brought the refresh token said when it ends. */
function saidLife({ held: { tokens }, now }: Circumstances): Finding | null {
  const { refreshExpiresAt } = tokens;
  const isOver = refreshExpiresAt !== null && now > refreshExpiresAt - MINUTE;
  return isOver
    ? { cause: "idle_expired", confidence: "likely", evidence: { refresh_expired_at: refreshExpiresAt } }
    : null;
}

function idleLife({ provider, held: { tokens }, now }: Circumstances): Finding | null {
  const life = provider.lifetimes.idle_seconds;
  const isOver = life !== null && now - tokens.obtainedAt > life * SECOND - TOLERANCE;
  return isOver ? { cause: "idle_expired", confidence: "likely", evidence: { life_days: days(life * SECOND) } } : null;
}

/** One more connection of the same account ends the oldest. */
function tokenLimit({ provider, company }: Circumstances): Finding | null {
  const limit = provider.most_refresh_tokens;
  if (limit === null || company.laterOfAccount < limit) return null;
  return {
    cause: "token_limit_exceeded",
    confidence: "likely",
    evidence: { limit, connections_of_account: company.ofAccount },
  };
}

/** Some providers end all refresh tokens of a client with its secret, and say so of each of them only. */
function changedSecret({ secretChangedAt, company, now }: Circumstances): Finding | null {
  const isRecent = secretChangedAt !== null && now - secretChangedAt < DAY;
  if (!isRecent || company.rejectedOfTenant === 0) return null;
  return { cause: "unknown", confidence: "possible", whoActs: "operator" };
}

/** From so many others on it is no coincidence. */
const SEVERAL = 3;

/** Users act one by one; when a tenant's connections end together, somebody acted for all. */
function wholeTenant({ company }: Circumstances): Finding | null {
  const { rejectedOfTenant, ofTenant } = company;
  if (rejectedOfTenant < SEVERAL || rejectedOfTenant * 2 < ofTenant) return null;
  return {
    cause: "revoked_by_admin",
    confidence: "possible",
    evidence: { rejected_of_tenant: rejectedOfTenant, connections_of_tenant: ofTenant + 1 },
  };
}

function days(milliseconds: number): number {
  return Math.floor((milliseconds / DAY) * 10) / 10;
}
