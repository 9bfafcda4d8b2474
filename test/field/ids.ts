/** Failures that users of OAuth clients reported in public, by category: `complete.test.ts` holds that each has its test. */
export const IDS = {
  "concurrent-refresh-race": [
    "box-two-node-instances-a-b",
    "entra-n-parallel-graph-calls-after-hour",
    "jottacloud-stale-token-on-second-machine",
    "late-response-overwrites-newer-cookie",
    "losing-cli-process-deletes-fresh-token",
    "race-loser-marks-credential-dead-over-winner",
    "serverless-requests-serialise-on-stored-token",
    "spring-multi-gateway-instances-openam",
    "two-instances-shared-keychain-family-revoked",
    "workos-refresh-token-already-exchanged",
    "xero-client-refreshes-on-every-construction",
    "xero-cron-and-request-path-both-refresh",
    "zoom-rotated-out-by-newer-sign-in",
    "zoom-s2s-new-token-invalidates-other-instances",
  ],
  "rotation-not-persisted": [
    "airbyte-no-way-to-write-back-config",
    "check-connection-consumes-single-use-token",
    "connector-builder-silences-token-update",
    "gitlab-old-refresh-token-used-after-rotation",
    "go-tokensource-rotation-lost-on-restart",
    "google-tokens-event-fire-and-forget",
    "intuit-nested-config-blocks-update",
    "onedrive-new-refresh-token-must-replace-old",
    "persist-failure-non-fatal",
    "quickbooks-rotates-value-once-per-24h",
    "refresh-succeeds-but-old-token-returned-to-caller",
    "salesforce-enforces-rotation-from-may-2026",
    "singer-config-mutated-by-tap",
    "xero-refresh-token-field-not-updated",
  ],
  "crash-or-lost-response": [
    "crash-between-access-and-refresh-token-writes",
    "google-home-discards-token-after-5s",
    "lost-rotation-response-ambiguous-retry",
    "network-change-before-invalid-grant-8-of-10",
    "token-flushed-late-restart-uses-old",
    "workos-5s-deadline-outside-30s-replay-window",
  ],
  "lock-stuck": [
    "google-no-timeout-inflight-promise-parks-all",
    "lock-ttl-shorter-than-work",
    "nango-in-memory-running-refresh-never-cleared",
    "nango-pg-advisory-lock-deadlock-stale-batch",
    "select-for-update-held-during-http-without-timeout",
    "top-of-the-hour-provider-slow-lock-10s",
  ],
  "refresh-token-overwritten-with-null": [
    "n8n-credential-garbled-after-provider-error",
    "spring-refresh-drops-refresh-token",
    "token-response-refresh-token-null-literal",
  ],
  "storage-lost-or-restored-backup": [
    "backup-restored-without-master-key",
    "keyring-rotation-env-var-always-wins",
    "rotating-token-in-env-redeployed",
    "stale-snapshot-write-reverts-other-accounts",
  ],
  "infinite-retry-or-storm": [
    "nango-60k-failed-refreshes-one-connection",
    "permanent-error-retried-five-times-a-second-apart",
    "refresh-loop-due-set-retries-every-60s",
    "salesforce-instance-url-changed-refresh-loop",
  ],
  "thundering-herd": [
    "burst-refresh-flagged-as-automation",
    "dashboard-20-charts-refresh-lock-noise",
    "fleet-provisioned-together-expires-together",
  ],
  "long-operation-mid-expiry": ["client-holds-token-for-whole-job", "sync-restarts-from-scratch-at-each-expiry"],
  "client-secret-rotated": [
    "aadsts7000222-platform-secret-expired",
    "atlassian-access-denied-for-wrong-secret",
    "google-deleted-client",
    "linear-secret-rotation-invalidates-refresh-tokens",
    "new-secret-not-picked-up-until-restart",
  ],
  "conditional-access-mfa": ["aadsts50076-mfa-policy-change", "salesforce-ip-restricted"],
  "encryption-key-rotation": ["undecryptable-row-blocks-reauthorization", "upgrade-regenerates-encryption-key"],
  "missing-offline-access": [
    "atlassian-offline-access-scope-missing",
    "dropbox-long-lived-tokens-withdrawn",
    "google-no-refresh-token-on-second-consent",
    "grafana-token-expired-refresh-token-not-set",
    "linkedin-standard-app-has-no-refresh-token",
  ],
  other: [
    "buried-reason-in-raw-rfc-text",
    "google-invalid-grant-bad-request-one-user",
    "salesforce-activation-secret-invalid",
    "stale-tick-capped-connections-silently-skipped",
    "xero-dead-credentials-file-blocks-reconnect",
  ],
  "password-change": ["aadsts50173-password-reset", "access-token-outlives-password-change"],
  "refresh-ok-but-api-401": [
    "airtable-refresh-kills-access-tokens-in-flight",
    "sdk-error-converted-so-refresh-never-triggered",
    "slack-token-expired-rotation-never-attempted",
    "zoho-authentication-failure-instead-of-invalid-token",
  ],
  "revoked-by-admin-mass": [
    "github-token-committed-to-repo-auto-revoked",
    "google-account-deleted-robot-disabled",
    "heroku-travis-2022-all-tokens-revoked",
    "leandata-reauthorise-every-integration",
  ],
  "revoked-by-user": ["revoked-consent-access-token-still-works", "salesforce-session-removed-kills-rotating-token"],
  "scope-change-incremental": [
    "glimesh-refresh-returns-null-scope",
    "okta-old-token-keeps-old-scope-refresh-loop",
    "scope-has-changed-raised-as-exception",
  ],
  "security-csrf-state": [
    "linear-disconnect-revokes-only-access-token",
    "reconnect-url-reused-after-success",
    "state-subject-not-matched-to-owner",
    "static-state-never-validated",
  ],
  "token-leak-in-logs": ["json-parse-error-message-quotes-body", "redirect-would-leak-secret-to-foreign-host"],
  "wrong-account-on-reauth": ["reconnect-with-different-mailbox-accepted", "refresh-token-preserved-across-accounts"],
  "wrong-client-credentials-multi-app": [
    "hubspot-own-app-tokens-with-platform-client",
    "invalid-grant-after-shared-client-rotation",
    "quickbooks-incorrect-token-type-or-clientid",
  ],
  "clock-skew": [
    "clock-skew-applied-in-wrong-direction",
    "cloud-sleep-monotonic-timer-never-fires",
    "server-epoch-compared-with-local-clock",
  ],
  "error-misclassification-permanent-as-transient": [
    "airbyte-auth-errors-not-flagged-as-config",
    "blanket-except-hides-rejected-refresh",
    "github-dead-token-client-rebuilt",
    "session-error-flag-written-never-read",
    "spring-retries-expired-refresh-token-forever",
  ],
  "error-misclassification-transient-as-permanent": [
    "invalid-grant-on-stale-copy-quarantines-live-account",
    "nango-lock-timeout-reported-as-bad-credentials",
    "transient-failure-revokes-all-sessions",
    "aadsts70000-intermittent-same-token-works-later",
    "salesforce-intermittent-invalid-grant",
    "salesforce-new-credentials-not-propagated",
  ],
  "expiry-computation": ["expires-in-as-string", "expires-in-zero-stored-as-never", "nan-ttl-caches-token-permanently"],
  "inactivity-expiry": [
    "auth0-unknown-or-invalid-after-idle",
    "keycloak-refresh-expires-in-zero-but-idle-enforced",
    "refresh-token-lifetime-hint-ignored",
    "restforce-refresh-works-for-hours-then-expired",
    "aadsts700084-spa-24-hours",
  ],
  "provider-nonstandard-response": [
    "200-without-access-token",
    "github-200-with-error-body",
    "go-auth-style-probe-sends-two-requests",
    "hubspot-mandatory-redirect-uri-or-wrong-grant-body",
    "mattermost-html-500-for-bad-code",
    "rclone-legacy-invalid-grant-long-text",
    "salesforce-refresh-at-instance-instead-of-login-url",
    "zoho-response-without-expires-in-random",
    "zoom-invalid-token-body-with-reason",
  ],
  "proxy-network-tls": [
    "corporate-tls-interception-unknown-ca",
    "econnreset-reading-token-response",
    "token-endpoint-answers-302-temporarily",
  ],
  "rate-limit-on-token-endpoint": ["ghost-token-endpoint-limited-5-per-hour-per-ip"],
  "testing-status-7-day": ["seven-day-plus-no-retry-on-revoked-access-token", "testing-status-seven-days"],
  "token-limit-per-user-app": [
    "auth0-200-refresh-tokens-per-user",
    "login-on-every-visit-mints-refresh-tokens",
    "second-connection-same-account-gets-no-refresh-token",
  ],
} as const;

/** The ones that the service does not answer as it should yet, and what is missing. Their tests come with what they need. */
export const LATER = {
  "refresh-ok-but-api-401": {
    "github-refresh-kills-old-access-token":
      "The lead before expiry is the same where a refresh ends the access token that callers hold.",
  },
  "revoked-by-user": {
    "slack-uninstall-events-not-handled": "The service takes no events from providers.",
  },
  "wrong-client-credentials-multi-app": {
    "dropbox-auth-code-pasted-as-refresh-token":
      "An import whose first refresh is refused is stored, as a connection that has to be reauthorized.",
  },
  "provider-nonstandard-response": {
    "as-returns-invalid-request-for-revoked-token":
      "A code that nobody knows never ends a connection, by decision; an entry or a rule of its own can say what the code means.",
    "grace-period-response-carries-old-refresh-token":
      "That an answer was lost is forgotten with the next success, even one that brings the old refresh token back.",
    "metabase-invalid-request-for-dead-token":
      "A code that nobody knows never ends a connection, by decision; an entry or a rule of its own can say what the code means.",
  },
  "proxy-network-tls": {
    "proxy-env-ignored-for-token-requests": "The service sends its requests directly and knows no proxy.",
  },
  "rate-limit-on-token-endpoint": {
    "retry-on-429-extends-rate-limit":
      "Without a Retry-After that can be read, a client pauses for a second or so and goes on at half the rate, by decision.",
  },
} as const satisfies Record<string, Record<string, string>>;
