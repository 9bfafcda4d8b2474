/** Why a connection or client is not well. Each has a section in docs/causes.md, which a test holds equal to this list. */
export const CAUSES = [
  "unknown",
  "revoked_by_user",
  "revoked_by_admin",
  "revoked_for_security",
  "password_changed",
  "testing_status_expired",
  "idle_expired",
  "absolute_lifetime_reached",
  "interaction_required",
  "token_limit_exceeded",
  "account_disabled",
  "scope_insufficient",
  "refresh_token_missing",
  "refresh_token_reused",
  "rotation_lost",
  "client_secret_rejected",
  "client_disabled",
  "api_rejects_fresh_token",
  "provider_unavailable",
  "provider_rate_limited",
  "provider_response_unrecognised",
  "network_policy",
  "key_unavailable",
  "journal_unavailable",
  "restored_from_backup",
  "moved_out",
] as const;

export type Cause = (typeof CAUSES)[number];

/** Why a connection is held until an operator decides: its refresh token may be somebody else's by now. */
export const HELD_FOR = ["restored_from_backup", "moved_out"] as const satisfies readonly Cause[];

export function isHeldFor(cause: Cause | undefined): cause is (typeof HELD_FOR)[number] {
  return HELD_FOR.some((each) => each === cause);
}

export type Confidence = "certain" | "likely" | "possible";

export const WHO_ACTS = ["nobody", "user", "customer_admin", "operator"] as const;

export type WhoActs = (typeof WHO_ACTS)[number];

/** What is wrong, how sure that is, and what it rests on; the evidence holds codes and numbers, never a token. */
export interface Diagnosis {
  cause: Cause;
  confidence: Confidence;
  evidence: Readonly<Record<string, string | number | boolean | null>>;
  /** Who can help, where it is not whom the cause names. */
  whoActs?: WhoActs;
}

interface Meaning {
  whoActs: WhoActs;
  /** One sentence for the operator. */
  operator: string;
  /** One sentence for the account's user, who knows nothing of OAuth. Null where it is none of the user's concern. */
  user: string | null;
}

const RECONNECT = "Please sign in again to go on.";

const MEANINGS: Record<Cause, Meaning> = {
  unknown: {
    whoActs: "user",
    operator:
      "The provider does not accept the refresh token and does not say why; a new consent of the user brings another one.",
    user: `The access to your account has ended. ${RECONNECT}`,
  },
  revoked_by_user: {
    whoActs: "user",
    operator:
      "The user took the consent back at the provider; the user has to reconnect if the connection is still wanted.",
    user: `The access was removed in the settings of your account. Sign in again if you want it back.`,
  },
  revoked_by_admin: {
    whoActs: "customer_admin",
    operator:
      "An administrator of the customer's organisation took the access back or restricts it; the administrator has to allow it again.",
    user: "An administrator of your organisation has ended this access. Please ask them to allow it.",
  },
  revoked_for_security: {
    whoActs: "user",
    operator: "The provider ended the access because of a security event at the account; the user has to reconnect.",
    user: `The provider ended the access to protect your account. ${RECONNECT}`,
  },
  password_changed: {
    whoActs: "user",
    operator: "The user's password was changed or reset, which ended the refresh token; the user has to reconnect.",
    user: `The access ended when your password was changed. ${RECONNECT}`,
  },
  testing_status_expired: {
    whoActs: "operator",
    operator:
      "The client is in status Testing at the provider, where refresh tokens live seven days; publish it, then let the user reconnect.",
    user: `The access was limited to seven days. ${RECONNECT}`,
  },
  idle_expired: {
    whoActs: "user",
    operator: "The refresh token was not used for longer than the provider allows; the user has to reconnect.",
    user: `The access ended because it was not used for a long time. ${RECONNECT}`,
  },
  absolute_lifetime_reached: {
    whoActs: "user",
    operator:
      "The consent has reached the end of its life, which refreshing cannot prolong; the user has to reconnect.",
    user: `The access has reached its end and has to be renewed. ${RECONNECT}`,
  },
  interaction_required: {
    whoActs: "user",
    operator:
      "A policy of the customer's organisation asks the user to sign in again, with a second factor for instance; nothing is lost.",
    user: `Your organisation asks you to confirm who you are. ${RECONNECT}`,
  },
  token_limit_exceeded: {
    whoActs: "operator",
    operator:
      "The account has more connections of this client than the provider allows, so the oldest ended; remove what is not needed, then let the user reconnect.",
    user: `The account was connected too many times, so this connection ended. ${RECONNECT}`,
  },
  account_disabled: {
    whoActs: "customer_admin",
    operator: "The account or its organisation is disabled at the provider; an administrator there has to enable it.",
    user: "The account is disabled at the provider. Please ask your administrator.",
  },
  scope_insufficient: {
    whoActs: "user",
    operator: "The user granted less than is needed; the user has to consent to the missing scopes.",
    user: `Something that is needed was not allowed. Sign in again and allow everything that is asked for.`,
  },
  refresh_token_missing: {
    whoActs: "user",
    operator:
      "The provider gave no refresh token, so access ends when the access token expires; the user has to reconnect with offline access.",
    user: `The access was granted for a short time only. ${RECONNECT}`,
  },
  refresh_token_reused: {
    whoActs: "operator",
    operator:
      "The provider says that the refresh token was used before; find who else holds it, a second deployment or a copy of the database for instance, before the user reconnects.",
    user: `The access to your account has ended. ${RECONNECT}`,
  },
  rotation_lost: {
    whoActs: "user",
    operator:
      "An answer of the provider that carried the next refresh token never arrived, and the old one is no longer accepted; the user has to reconnect.",
    user: `The access to your account was interrupted. ${RECONNECT}`,
  },
  client_secret_rejected: {
    whoActs: "operator",
    operator: "The provider refuses the client's id or secret; set the right secret and everything goes on by itself.",
    user: null,
  },
  client_disabled: {
    whoActs: "operator",
    operator: "The provider has disabled or deleted the client; enable it there and everything goes on by itself.",
    user: null,
  },
  api_rejects_fresh_token: {
    whoActs: "operator",
    operator:
      "The API refuses an access token that the authorization server has just issued; look at its scopes, its audience and whether the account is disabled.",
    user: null,
  },
  provider_unavailable: {
    whoActs: "nobody",
    operator: "The provider's token endpoint cannot be reached or has an outage; the refresh is tried again.",
    user: null,
  },
  provider_rate_limited: {
    whoActs: "nobody",
    operator: "The provider asks for fewer token requests; the refresh is tried again after the wait it named.",
    user: null,
  },
  provider_response_unrecognised: {
    whoActs: "operator",
    operator:
      "The token endpoint answers something that is not known here, a proxy's page for instance or a code of its own; the refresh is tried again.",
    user: null,
  },
  network_policy: {
    whoActs: "operator",
    operator:
      "The provider's address is private, malformed or not https, so no request was sent; list an internal host in EVERGRANT_ALLOWED_PRIVATE_HOSTS if it is meant.",
    user: null,
  },
  key_unavailable: {
    whoActs: "operator",
    operator: "The key that opens the stored tokens cannot be used; supply the root key that sealed them.",
    user: null,
  },
  journal_unavailable: {
    whoActs: "operator",
    operator:
      "The journal in the data directory takes no writes, so no refresh token that may be replaced is sent; free some space there and everything goes on by itself.",
    user: null,
  },
  restored_from_backup: {
    whoActs: "operator",
    operator:
      "The database was restored from a backup, and the refresh token in it may have been replaced since; decide whether to try it or to ask the user to reconnect.",
    user: null,
  },
  moved_out: {
    whoActs: "operator",
    operator:
      "The connection was exported to another system, which refreshes it from now on; disconnect it here when it works there, or release it if it was not taken.",
    user: null,
  },
};

export function whoActs(cause: Cause): WhoActs {
  return MEANINGS[cause].whoActs;
}

/** Who can help, by the evidence of the case or else by its cause. */
export function actorOf({ cause, whoActs: actor }: Diagnosis): WhoActs {
  return actor ?? MEANINGS[cause].whoActs;
}

/** One sentence for the operator. */
export function sentence(cause: Cause): string {
  return MEANINGS[cause].operator;
}

/** One sentence for the account's user; null where it is none of the user's concern. */
export function sentenceForUser(cause: Cause): string | null {
  return MEANINGS[cause].user;
}
