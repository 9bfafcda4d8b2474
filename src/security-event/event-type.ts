/** Security events that mean something here; docs/security-events.md says what each does. */
export const SECURITY_EVENT_TYPES = [
  "oauth.token_revoked",
  "oauth.tokens_revoked",
  "risc.sessions_revoked",
  "risc.account_disabled",
  "risc.account_enabled",
  "risc.account_purged",
  "risc.account_credential_change_required",
  "risc.credential_change_required",
  "risc.credential_compromise",
  "risc.identifier_changed",
  "risc.verification",
  "caep.session_revoked",
  "caep.token_claims_change",
  "caep.credential_change",
  "caep.assurance_level_change",
  "caep.device_compliance_change",
  "ssf.verification",
  "ssf.stream_updated",
  "slack.tokens_revoked",
  "slack.app_uninstalled",
  "github.authorization_revoked",
  "github.installation_deleted",
  "github.installation_suspended",
  "github.installation_unsuspended",
] as const;

export type SecurityEventType = (typeof SECURITY_EVENT_TYPES)[number];

const IDENTIFIER = /^https:\/\/schemas\.openid\.net\/secevent\/(oauth|risc|caep|ssf|sse)\/event-type\/([a-z-]{1,60})$/;

/** The type that the identifier of an event in a token means (RFC 8417 §2.2); null for one that is not known. */
export function typeOfIdentifier(identifier: string): SecurityEventType | null {
  const [, family = "", name = ""] = IDENTIFIER.exec(identifier) ?? [];
  // What is called SSF now was SSE before.
  const wanted = `${family === "sse" ? "ssf" : family}.${name.replaceAll("-", "_")}`;
  return SECURITY_EVENT_TYPES.find((type) => type === wanted) ?? null;
}
