/** Why a connection or client is not well. Each has a section in docs/causes.md, which a test holds equal to this list. */
export const CAUSES = [
  "unknown",
  "refresh_token_missing",
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
] as const;

export type Cause = (typeof CAUSES)[number];

export type Confidence = "certain" | "likely" | "possible";

export type WhoActs = "nobody" | "user" | "customer_admin" | "operator";

/** What is wrong, how sure that is, and what it rests on; the evidence holds codes and numbers, never a token. */
export interface Diagnosis {
  cause: Cause;
  confidence: Confidence;
  evidence: Readonly<Record<string, string | number | boolean | null>>;
}

interface Meaning {
  whoActs: WhoActs;
  /** One sentence for the operator. */
  sentence: string;
}

const MEANINGS: Record<Cause, Meaning> = {
  unknown: {
    whoActs: "user",
    sentence: "The provider no longer accepts the refresh token and does not say why; the user has to reconnect.",
  },
  refresh_token_missing: {
    whoActs: "user",
    sentence:
      "The provider gave no refresh token, so access ends when the access token expires; the user has to reconnect with offline access.",
  },
  rotation_lost: {
    whoActs: "user",
    sentence:
      "An answer of the provider that carried the next refresh token never arrived, and the old one is no longer accepted; the user has to reconnect.",
  },
  client_secret_rejected: {
    whoActs: "operator",
    sentence: "The provider refuses the client's id or secret; set the right secret and everything goes on by itself.",
  },
  client_disabled: {
    whoActs: "operator",
    sentence: "The provider has disabled or deleted the client; enable it there and everything goes on by itself.",
  },
  api_rejects_fresh_token: {
    whoActs: "operator",
    sentence:
      "The API refuses an access token that the authorization server has just issued; look at its scopes, its audience and whether the account is disabled.",
  },
  provider_unavailable: {
    whoActs: "nobody",
    sentence: "The provider's token endpoint cannot be reached or has an outage; the refresh is tried again.",
  },
  provider_rate_limited: {
    whoActs: "nobody",
    sentence: "The provider asks for fewer token requests; the refresh is tried again after the wait it named.",
  },
  provider_response_unrecognised: {
    whoActs: "operator",
    sentence:
      "The token endpoint answers something that is neither tokens nor an OAuth error, a proxy's page for instance; the refresh is tried again.",
  },
  network_policy: {
    whoActs: "operator",
    sentence:
      "The provider's address is private, malformed or not https, so no request was sent; list an internal host in EVERGRANT_ALLOWED_PRIVATE_HOSTS if it is meant.",
  },
  key_unavailable: {
    whoActs: "operator",
    sentence: "The key that opens the stored tokens cannot be used; supply the root key that sealed them.",
  },
  journal_unavailable: {
    whoActs: "operator",
    sentence:
      "The journal in the data directory takes no writes, so no refresh token that may be replaced is sent; free some space there and everything goes on by itself.",
  },
  restored_from_backup: {
    whoActs: "operator",
    sentence:
      "The database was restored from a backup, and the refresh token in it may have been replaced since; decide whether to try it or to ask the user to reconnect.",
  },
};

export function whoActs(cause: Cause): WhoActs {
  return MEANINGS[cause].whoActs;
}

export function sentence(cause: Cause): string {
  return MEANINGS[cause].sentence;
}
