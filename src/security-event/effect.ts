import type { Cause, Confidence } from "../connection/cause.ts";
import type { SecurityEventType } from "./event-type.ts";

/** What a security event does to the connections that it is about. None condemns: only an answer of the provider does. */
export type Effect =
  | {
      /** Makes them due at once, so that a refresh finds out, and is the cause if that is rejected. */
      kind: "examine";
      cause: Cause | null;
      confidence: Confidence;
      /** Their access tokens are not handed out until that refresh has succeeded. */
      withholds: boolean;
    }
  /** Those that ended for such a cause are tried once more with the refresh token that was kept. */
  | { kind: "revive"; cause: Cause }
  /** It is written into their history. */
  | { kind: "note" }
  /** It is about no connection. */
  | { kind: "none" };

/** What an event says beside its subject, as far as that decides anything. */
export type EventFacts = Readonly<Record<string, string>>;

interface Rule {
  type: SecurityEventType;
  /** Only events that say this; of several rules of a type the first that fits counts. */
  when?: readonly [fact: string, value: string];
  effect: Effect;
}

/** Every type has a rule without a condition. */
export const RULES: readonly Rule[] = [
  { type: "oauth.token_revoked", effect: examine("revoked_by_user", "likely", { withholds: true }) },
  { type: "oauth.tokens_revoked", effect: examine("revoked_by_user", "likely", { withholds: true }) },
  { type: "risc.sessions_revoked", effect: examine("revoked_for_security", "certain", { withholds: true }) },
  {
    type: "risc.account_disabled",
    when: ["reason", "hijacking"],
    effect: examine("account_disabled", "certain", { withholds: true }),
  },
  { type: "risc.account_disabled", effect: examine("account_disabled", "certain") },
  { type: "risc.account_enabled", effect: { kind: "revive", cause: "account_disabled" } },
  { type: "risc.account_purged", effect: examine("account_disabled", "certain") },
  { type: "risc.account_credential_change_required", effect: examine("revoked_for_security", "certain") },
  { type: "risc.credential_change_required", effect: examine("revoked_for_security", "certain") },
  { type: "risc.credential_compromise", effect: examine("revoked_for_security", "certain") },
  { type: "risc.identifier_changed", effect: { kind: "note" } },
  { type: "risc.verification", effect: { kind: "none" } },
  {
    type: "caep.session_revoked",
    when: ["initiating_entity", "admin"],
    effect: examine("revoked_by_admin", "certain", { withholds: true }),
  },
  { type: "caep.session_revoked", effect: examine("revoked_for_security", "certain", { withholds: true }) },
  { type: "caep.token_claims_change", effect: examine(null, "possible") },
  {
    type: "caep.credential_change",
    when: ["credential_type", "password"],
    effect: examine("password_changed", "certain"),
  },
  { type: "caep.credential_change", effect: examine("interaction_required", "likely") },
  { type: "caep.assurance_level_change", effect: examine("interaction_required", "likely") },
  { type: "caep.device_compliance_change", when: ["current_status", "compliant"], effect: { kind: "note" } },
  { type: "caep.device_compliance_change", effect: examine("interaction_required", "likely") },
  { type: "ssf.verification", effect: { kind: "none" } },
  { type: "ssf.stream_updated", effect: { kind: "none" } },
  { type: "slack.tokens_revoked", effect: examine("revoked_by_user", "likely", { withholds: true }) },
  { type: "slack.app_uninstalled", effect: examine("revoked_by_admin", "likely", { withholds: true }) },
  { type: "github.authorization_revoked", effect: examine("revoked_by_user", "certain", { withholds: true }) },
  { type: "github.installation_deleted", effect: examine("revoked_by_user", "likely") },
  { type: "github.installation_suspended", effect: examine("revoked_by_admin", "likely") },
  { type: "github.installation_unsuspended", effect: { kind: "revive", cause: "revoked_by_admin" } },
];

/** The effect of an event of a type that is not known is none. */
export function effectOf(type: SecurityEventType | null, facts: EventFacts): Effect {
  const rule = RULES.find(({ type: of, when }) => of === type && (!when || facts[when[0]] === when[1]));
  return rule?.effect ?? { kind: "none" };
}

function examine(cause: Cause | null, confidence: Confidence, { withholds = false } = {}): Effect {
  return { kind: "examine", cause, confidence, withholds };
}
