import { describe, expect, test } from "vitest";
import { DEFAULT_CLIENT_SETTINGS } from "../../src/client/client.ts";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { TokenSetOrigin } from "../../src/connection/token-record.ts";
import type { Rejected } from "../../src/provider/outcome.ts";
import { diagnose, type Circumstances } from "../../src/refresh/diagnose.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { tokenRecord } from "../stage/store-stage.ts";
import { newConnection } from "../stage/world.ts";

const NOW = Date.UTC(2026, 0, 31);
const ALONE = { rejectedOfTenant: 0, ofTenant: 0, laterOfAccount: 0, ofAccount: 1 };
const NOT_TELLING: Rejected = {
  kind: "rejected",
  code: "invalid_grant",
  subcode: null,
  description: null,
  cause: "unknown",
  confidence: "possible",
  whoActs: null,
  confirmAfterMs: null,
  meaning: null,
};

interface Story {
  consentedAgo?: number;
  refreshedAgo?: number;
  refreshExpiresIn?: number;
  testing?: boolean;
  lifetimes?: Partial<Circumstances["provider"]["lifetimes"]>;
  limit?: number;
  company?: Partial<Circumstances["company"]>;
  answerLostAgo?: number;
  /** Before the success that brought the same refresh token again. */
  lostBeforeReplayAgo?: number;
  rotatedAgo?: number;
  secretChangedAgo?: number;
  /** Of the token set; by a refresh unless told. */
  origin?: TokenSetOrigin;
  provenAgo?: number;
  /** It was imported then, and no person has consented since. */
  importedAgo?: number;
  rotation?: Circumstances["provider"]["rotation"];
  notice?: Circumstances["notice"];
}

function ago(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : NOW - milliseconds;
}

function circumstances(story: Story): Circumstances {
  const connection = newConnection("con_1", { id: "cli_1", providerId: "provider" });
  const { refreshExpiresIn } = story;
  return {
    answerLostAt: ago(story.answerLostAgo),
    lostBeforeReplayAt: ago(story.lostBeforeReplayAgo),
    held: {
      connection: {
        ...connection,
        requiredScopes: [],
        missingScopes: [],
        claims: null,
        consentedAt: ago(story.consentedAgo),
        statusSince: 0,
        linkEpoch: 0,
        isImported: story.importedAgo !== undefined,
        createdAt: ago(story.importedAgo) ?? 0,
        lastReadAt: null,
        lastProvenAt: ago(story.provenAgo),
      },
      tokens: {
        ...tokenRecord(1),
        origin: story.origin ?? "ahead",
        rotatedAt: ago(story.rotatedAgo),
        obtainedAt: NOW - (story.refreshedAgo ?? HOUR),
        refreshExpiresAt: refreshExpiresIn === undefined ? null : NOW + refreshExpiresIn,
      },
    },
    client: { settings: { ...DEFAULT_CLIENT_SETTINGS, testing: story.testing ?? false } },
    secretChangedAt: ago(story.secretChangedAgo),
    provider: {
      lifetimes: { access_seconds: null, idle_seconds: null, absolute_seconds: null, ...story.lifetimes },
      most_refresh_tokens: story.limit ?? null,
      rotation: story.rotation ?? null,
    },
    company: { ...ALONE, ...story.company },
    notice: story.notice ?? null,
    now: NOW,
  };
}

function of(story: Story, said: Partial<Rejected> = {}) {
  return diagnose({ ...NOT_TELLING, ...said }, circumstances(story));
}

describe("where the provider says little, the story says", () => {
  test.each<[string, Story, string]>([
    ["nothing", {}, "unknown"],
    ["an answer that was lost", { answerLostAgo: MINUTE }, "rotation_lost"],
    [
      "an answer that was lost before the old token came again, where tokens are replaced",
      { lostBeforeReplayAgo: HOUR, rotatedAgo: DAY },
      "rotation_lost",
    ],
    [
      "seven days since the consent, at a client in testing",
      { testing: true, consentedAgo: 7 * DAY },
      "testing_status_expired",
    ],
    [
      "an absolute life that is over",
      { consentedAgo: 90 * DAY, lifetimes: { absolute_seconds: (90 * DAY) / SECOND } },
      "absolute_lifetime_reached",
    ],
    ["an end that the provider named", { refreshExpiresIn: 0 }, "idle_expired"],
    [
      "an idle life that is over",
      { refreshedAgo: 14 * DAY, lifetimes: { idle_seconds: (14 * DAY) / SECOND } },
      "idle_expired",
    ],
    [
      "as many later consents of the account as there may be",
      { limit: 5, company: { laterOfAccount: 5, ofAccount: 6 } },
      "token_limit_exceeded",
    ],
    [
      "most of the tenant's connections at once",
      { company: { rejectedOfTenant: 9, ofTenant: 10 } },
      "revoked_by_admin",
    ],
  ])("%s", (_what, story, cause) => {
    expect(of(story).cause).toBe(cause);
  });

  test.each<[string, Story]>([
    [
      "an answer that was lost before the old token came again, where none was ever replaced",
      { lostBeforeReplayAgo: HOUR },
    ],
    ["six days since the consent, at a client in testing", { testing: true, consentedAgo: 6 * DAY }],
    ["seven days since the consent, at a client in production", { consentedAgo: 7 * DAY }],
    ["a consent that nobody saw", { testing: true, lifetimes: { absolute_seconds: 1 } }],
    ["an idle life that goes on", { refreshedAgo: 13 * DAY, lifetimes: { idle_seconds: (14 * DAY) / SECOND } }],
    ["one later consent of the account too few", { limit: 5, company: { laterOfAccount: 4, ofAccount: 5 } }],
    ["two others of a tenant", { company: { rejectedOfTenant: 2, ofTenant: 2 } }],
    ["a few of a large tenant", { company: { rejectedOfTenant: 5, ofTenant: 100 } }],
  ])("not %s", (_what, story) => {
    expect(of(story).cause).toBe("unknown");
  });
});

describe("what the provider says for certain", () => {
  test("is believed, whatever the story", () => {
    const said = { cause: "password_changed", confidence: "likely" } as const;
    expect(of({ answerLostAgo: MINUTE, company: { rejectedOfTenant: 9, ofTenant: 9 } }, said)).toMatchObject(said);
  });

  test("decides who acts", () => {
    const said = { cause: "interaction_required", confidence: "certain", whoActs: "customer_admin" } as const;
    expect(of({}, said).whoActs).toBe("customer_admin");
    expect(of({}, { ...said, whoActs: null }).whoActs).toBeUndefined();
  });

  test("is a reuse only if no answer was lost: it looks the same from there", () => {
    const said = { cause: "refresh_token_reused", confidence: "certain" } as const;
    expect(of({}, said)).toMatchObject(said);
    expect(of({ answerLostAgo: MINUTE }, said).cause).toBe("rotation_lost");
  });
});

describe("a token set that was imported", () => {
  const NEVER_WORKED = { cause: "unknown", confidence: "possible", whoActs: "operator" };

  test.each<[string, Partial<Rejected>]>([
    ["nothing", {}],
    ["that the user revoked it", { cause: "revoked_by_user", confidence: "likely" }],
  ])("and never worked is the operator's matter, where the provider says %s", (_what, said) => {
    const found = of({ origin: "import" }, said);
    expect(found).toMatchObject(NEVER_WORKED);
    expect(found.evidence).toMatchObject({ code: "invalid_grant", never_worked: true });
  });

  test.each<[string, Story]>([
    ["was proven since", { origin: "import", provenAgo: HOUR }],
    ["was refreshed since", { origin: "ahead", provenAgo: HOUR }],
    ["came by a consent", { origin: "connect" }],
  ])("is like any other when it %s", (_what, story) => {
    const said = { cause: "revoked_by_user", confidence: "likely" } as const;
    const found = of(story, said);
    expect(found).toMatchObject(said);
    expect(found.whoActs).toBeUndefined();
    expect(found.evidence).not.toHaveProperty("never_worked");
  });
});

describe("a token set from elsewhere that was used here, and is rejected soon after", () => {
  const IMPORTED = { origin: "ahead", provenAgo: HOUR, importedAgo: 2 * DAY } as const;

  test.each<[string, Partial<Rejected>, Partial<Diagnosis>]>([
    ["nothing", {}, { cause: "unknown", confidence: "possible" }],
    [
      "that the user revoked it",
      { cause: "revoked_by_user", confidence: "likely" },
      { cause: "unknown", confidence: "possible" },
    ],
    [
      "that it was used",
      { cause: "refresh_token_reused", confidence: "likely" },
      { cause: "refresh_token_reused", confidence: "likely" },
    ],
    [
      "for certain that the user revoked it",
      { cause: "revoked_by_user", confidence: "certain" },
      { cause: "revoked_by_user", confidence: "certain" },
    ],
  ])("may be refreshed by its previous owner, where the provider says %s", (_what, said, expected) => {
    const found = of(IMPORTED, said);
    expect(found).toMatchObject(expected);
    expect(found.evidence).toMatchObject({ previous_owner_may_refresh: true });
  });

  test.each<[string, Story]>([
    ["refresh tokens are never replaced", { ...IMPORTED, rotation: "never" }],
    ["a person has consented since", { ...IMPORTED, consentedAgo: HOUR }],
    ["it was imported long ago", { ...IMPORTED, importedAgo: 8 * DAY }],
  ])("and not where %s", (_what, story) => {
    const said = { cause: "revoked_by_user", confidence: "likely" } as const;
    expect(of(story, said)).toMatchObject(said);
    expect(of(story).evidence).not.toHaveProperty("previous_owner_may_refresh");
  });

  test("a lost answer and an end that was told are likelier", () => {
    expect(of({ ...IMPORTED, answerLostAgo: MINUTE }).cause).toBe("rotation_lost");
    expect(of({ ...IMPORTED, refreshExpiresIn: -HOUR }).cause).toBe("idle_expired");
  });
});

describe("after a change of the client's secret", () => {
  const SEVERAL = { rejectedOfTenant: 9, ofTenant: 10 };

  test("several rejections are the operator's matter, for a reason that nobody knows", () => {
    for (const company of [{ rejectedOfTenant: 1, ofTenant: 100 }, SEVERAL]) {
      const found = of({ secretChangedAgo: HOUR, company });
      expect(found).toMatchObject({ cause: "unknown", confidence: "possible", whoActs: "operator" });
      expect(found.evidence).toMatchObject({ client_secret_changed_at: NOW - HOUR });
    }
  });

  test.each<[string, Story, string]>([
    ["one alone", { secretChangedAgo: HOUR }, "unknown"],
    ["several a day later", { secretChangedAgo: DAY, company: SEVERAL }, "revoked_by_admin"],
    ["several where none was made", { company: SEVERAL }, "revoked_by_admin"],
    ["one whose answer was lost", { secretChangedAgo: HOUR, company: SEVERAL, answerLostAgo: MINUTE }, "rotation_lost"],
  ])("not %s", (_what, story, cause) => {
    const found = of(story);
    expect([found.cause, found.whoActs]).toEqual([cause, undefined]);
  });

  test("what the provider says for certain is believed", () => {
    const said = { cause: "account_disabled", confidence: "certain" } as const;
    expect(of({ secretChangedAgo: HOUR, company: SEVERAL }, said)).toMatchObject(said);
  });
});

test("the evidence is what is known, in codes and numbers", () => {
  const said = { code: "invalid_grant", subcode: "50173", description: "It was revoked." };
  expect(of({ consentedAgo: 30 * DAY, refreshedAgo: 36 * HOUR, secretChangedAgo: HOUR }, said).evidence).toEqual({
    ...said,
    answer_lost_at: null,
    days_since_consent: 30,
    days_since_refresh: 1.5,
    client_secret_changed_at: NOW - HOUR,
  });
  expect(of({ secretChangedAgo: 2 * DAY }).evidence).not.toHaveProperty("client_secret_changed_at");
});
