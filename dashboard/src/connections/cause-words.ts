import type { Cause } from "../../../src/connection/cause.ts";

/** The causes in a few plain words; each has a section in docs/causes.md. */
export const CAUSES: Record<Cause, string> = {
  unknown: "Rejected without a reason",
  revoked_by_user: "Taken back by the user",
  revoked_by_admin: "Taken back by an administrator",
  revoked_for_security: "Ended for security",
  password_changed: "Password changed",
  testing_status_expired: "Client in status Testing",
  idle_expired: "Not used for too long",
  absolute_lifetime_reached: "Consent at its end",
  interaction_required: "Another sign-in is wanted",
  token_limit_exceeded: "Too many connections of the account",
  account_disabled: "Account disabled",
  scope_insufficient: "Too little was allowed",
  refresh_token_missing: "No refresh token was given",
  refresh_token_reused: "Refresh token used elsewhere",
  rotation_lost: "Next refresh token was lost",
  client_secret_rejected: "Client secret refused",
  client_disabled: "Client disabled",
  api_rejects_fresh_token: "Refused by the API",
  provider_unavailable: "Provider cannot be reached",
  provider_rate_limited: "Provider asks for patience",
  provider_response_unrecognised: "Provider answers something unknown",
  network_policy: "Address not allowed",
  key_unavailable: "Encryption key missing",
  journal_unavailable: "Journal takes no writes",
  moved_out: "moved to another system",
  restored_from_backup: "Restored from a backup",
};

/** A cause of a later version is told by its name. */
export function causeWords(cause: string): string {
  return new Map<string, string>(Object.entries(CAUSES)).get(cause) ?? cause;
}
