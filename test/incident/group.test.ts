import { describe, expect, test } from "vitest";
import { group, toBeTelling, type Failure } from "../../src/incident/group.ts";

let number = 0;

function failure(given: Partial<Failure> = {}): Failure {
  return {
    connectionId: `con_${++number}`,
    tenantId: "default",
    clientId: "cli_1",
    providerId: "provider",
    condition: "ended",
    generation: 1,
    cause: "unknown",
    confidence: "possible",
    code: "invalid_grant",
    at: 0,
    ...given,
  };
}

function failures(count: number, given: Partial<Failure> = {}): Failure[] {
  return Array.from({ length: count }, () => failure(given));
}

/** How many connections each client has; few, unless said. */
function grouped(found: readonly Failure[], sizes: Record<string, number> = {}) {
  const known = new Map(found.map(({ clientId }) => [clientId, sizes[clientId] ?? 10]));
  return group(found, known).map(({ kind, scope, failures: members }) => ({ kind, scope, count: members.length }));
}

describe("rejections of one client", () => {
  test("are an incident from three on where it has few connections", () => {
    expect(grouped(failures(2))).toEqual([]);
    expect(grouped(failures(3))).toEqual([{ kind: "rejections", scope: "client:cli_1", count: 3 }]);
  });

  test.each([
    [0, 3],
    [300, 3],
    [301, 4],
    [1000, 10],
    [2000, 20],
    [100_000, 20],
  ])("of %i connections, it takes %i", (connections, needed) => {
    expect(toBeTelling(connections)).toBe(needed);
    expect(grouped(failures(needed - 1), { cli_1: connections })).toEqual([]);
    expect(grouped(failures(needed), { cli_1: connections })).toHaveLength(1);
  });

  test("that the provider explains, each in another way, are none of each other's business", () => {
    const apart = [
      failure({ cause: "password_changed", confidence: "certain" }),
      failure({ cause: "account_disabled", confidence: "certain" }),
      failure({ cause: "revoked_by_user", confidence: "likely" }),
    ];
    expect(grouped(apart)).toEqual([]);
    expect(grouped([...apart, failure(), failure()])).toHaveLength(1);
  });

  test("belong together when there are many, whatever is said of them", () => {
    const causes = ["password_changed", "account_disabled", "revoked_by_user"] as const;
    const many = Array.from({ length: 20 }, (_, index) =>
      failure({ cause: causes[index % 3] ?? "unknown", confidence: "likely" }),
    );
    expect(grouped(many.slice(1), { cli_1: 2000 })).toEqual([]);
    expect(grouped(many, { cli_1: 2000 })).toHaveLength(1);
  });

  test("of several clients at several providers are several incidents", () => {
    const two = [...failures(3), ...failures(3, { clientId: "cli_2", providerId: "other" })];
    expect(grouped(two).map(({ scope }) => scope)).toEqual(["client:cli_1", "client:cli_2"]);
  });
});

describe("rejections over several clients", () => {
  test("of one provider are the provider's", () => {
    const found = ["cli_1", "cli_2", "cli_3"].map((clientId) => failure({ clientId }));
    expect(grouped(found)).toEqual([{ kind: "provider", scope: "provider:provider", count: 3 }]);
  });

  test("are one client's where the others are strays", () => {
    const found = [...failures(6), failure({ clientId: "cli_2" })];
    expect(grouped(found)).toEqual([{ kind: "rejections", scope: "client:cli_1", count: 6 }]);
  });

  test("of one tenant are the tenant's, at whatever providers", () => {
    const tenantId = "ten_a";
    const found = [...failures(2, { tenantId }), ...failures(2, { tenantId, clientId: "cli_2", providerId: "other" })];
    expect(grouped(found)).toEqual([{ kind: "tenant", scope: "tenant:ten_a", count: 4 }]);
  });

  test("are not one tenant's where others fail at the same provider", () => {
    const found = [
      ...failures(2, { tenantId: "ten_a" }),
      ...failures(2, { tenantId: "ten_a", clientId: "cli_2" }),
      ...failures(2, { tenantId: "ten_b", clientId: "cli_3" }),
    ];
    expect(grouped(found)).toEqual([{ kind: "provider", scope: "provider:provider", count: 6 }]);
  });
});

describe("other failures", () => {
  test("that name the provider are the provider's, also where it has one client", () => {
    const trouble = { condition: "troubled", cause: "provider_unavailable", confidence: "certain" } as const;
    expect(grouped(failures(2, trouble))).toEqual([]);
    expect(grouped(failures(3, trouble))).toEqual([{ kind: "provider", scope: "trouble:provider", count: 3 }]);
  });

  test("of a key are an incident at once", () => {
    const found = [failure({ condition: "troubled", cause: "key_unavailable", confidence: "certain" })];
    expect(grouped(found)).toEqual([{ kind: "key_unavailable", scope: "key:default", count: 1 }]);
  });
});
