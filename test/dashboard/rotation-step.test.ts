import { expect, test } from "vitest";
import { stepOf } from "../../dashboard/src/clients/rotation-step.ts";
import { PROOFS } from "../../src/client/client-secret.ts";

const AT = "2026-01-01T00:00:00.000Z";

function secret(state: "staged" | "active" | "retired", more: Partial<Parameters<typeof stepOf>[1][number]> = {}) {
  return {
    id: state,
    state,
    created_at: AT,
    created_by: null,
    promoted_at: null,
    promoted_by: null,
    retired_at: null,
    retired_by: null,
    kept_until: null,
    is_erased: false,
    last_used_at: null,
    proven_count: 0,
    promotes_itself: false,
    refusal: null,
    expires_at: null,
    signing_key: null,
    certificate: null,
    ...more,
  };
}

const WELL = { suspension: null };
const refusing = (cause: string) => ({ suspension: { cause, code: "invalid_client", since: AT, sentence: "" } });

test.each([
  ["nothing is under way", WELL, [secret("active")], "settled"],
  ["what was erased is over", WELL, [secret("active"), secret("retired", { is_erased: true })], "settled"],
  ["a new one is on trial", WELL, [secret("staged", { proven_count: PROOFS - 1 }), secret("active")], "on_trial"],
  ["the last proof makes it proven", WELL, [secret("staged", { proven_count: PROOFS }), secret("active")], "proven"],
  [
    "a refusal counts more than proofs",
    WELL,
    [secret("staged", { proven_count: PROOFS, refusal: { code: "invalid_client", at: AT } })],
    "refused",
  ],
  ["the one before is kept", WELL, [secret("active"), secret("retired", { kept_until: AT })], "kept"],
  ["all are refused", refusing("client_secret_rejected"), [secret("active"), secret("retired")], "missing"],
  ["one that is on trial comes before that", refusing("client_secret_rejected"), [secret("staged")], "on_trial"],
  ["another secret would not help", refusing("client_disabled"), [secret("active")], "settled"],
])("%s", (_what, client, secrets, kind) => {
  expect(stepOf(client, secrets).kind).toBe(kind);
});
