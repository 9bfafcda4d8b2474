import { expect, test } from "vitest";
import { startConnectedClient, tokensIn } from "./connected-client.ts";

const NEVER_USED = { usedAt: null, revokedAt: null, requests: [] };

test("each refresh token is recorded with its family, its use and its requests", async () => {
  const client = await startConnectedClient();
  const before = Date.now();
  const first = await client.connect();
  const second = tokensIn(await client.refresh(first.refreshToken));
  const other = await client.connect({}, { user: "bob" });
  const [one, two, three] = client.sandbox.control.refreshTokens();
  expect(one).toMatchObject({ token: first.refreshToken, user: "alice", revokedAt: null });
  expect(two).toEqual({ ...two, token: second.refreshToken, family: one?.family, user: "alice", ...NEVER_USED });
  expect(three).toEqual({ ...three, token: other.refreshToken, user: "bob", ...NEVER_USED });
  expect(three?.family).not.toBe(one?.family);
  const request = one?.requests[0];
  const times = [
    before,
    one?.issuedAt,
    request?.arrivedAt,
    one?.usedAt,
    two?.issuedAt,
    request?.answeredAt,
    Date.now(),
  ];
  expect(times).toEqual(times.map(Number).toSorted((a, b) => a - b));
});

test("reuse is one more request, and revokes the used and the unused of the family", async () => {
  const client = await startConnectedClient();
  const other = await client.connect();
  const first = await client.connect();
  const second = tokensIn(await client.refresh(first.refreshToken));
  await client.refresh(first.refreshToken);
  const records = new Map(client.sandbox.control.refreshTokens().map((record) => [record.token, record]));
  expect(records.get(first.refreshToken)?.requests).toHaveLength(2);
  expect(records.get(first.refreshToken)?.revokedAt).not.toBeNull();
  expect(records.get(second.refreshToken)?.revokedAt).not.toBeNull();
  expect(records.get(other.refreshToken)).toMatchObject(NEVER_USED);
});

test.each(["revokeUser", "changePassword"] as const)(
  "%s is recorded as the end of that user's tokens",
  async (action) => {
    const client = await startConnectedClient();
    await client.connect();
    await client.connect({}, { user: "bob" });
    await client.sandbox.control[action]("alice");
    const ended = client.sandbox.control.refreshTokens().map(({ user, revokedAt }) => [user, revokedAt !== null]);
    expect(ended).toEqual([
      ["alice", true],
      ["bob", false],
    ]);
  },
);

test("revokeAll and the revocation of one token are recorded", async () => {
  const client = await startConnectedClient();
  const { refreshToken } = await client.connect();
  await client.sandbox.control.revokeAll();
  await client.connect();
  await client.refresh(refreshToken);
  expect(client.sandbox.control.refreshTokens().map(({ revokedAt }) => revokedAt !== null)).toEqual([true, false]);
});

test("a request whose answer went nowhere is recorded without one", async () => {
  const client = await startConnectedClient();
  const { refreshToken } = await client.connect();
  client.sandbox.control.change({ tokenEndpointFault: { kind: "cut_after_commit" } });
  await expect(client.refresh(refreshToken)).rejects.toThrow("fetch failed");
  const [used, unheard] = client.sandbox.control.refreshTokens();
  expect(used).toMatchObject({ usedAt: expect.any(Number), requests: [{ answeredAt: null }] });
  expect(unheard).toMatchObject(NEVER_USED);
});

test("what is told is a copy", async () => {
  const client = await startConnectedClient();
  await client.connect();
  for (const record of client.sandbox.control.refreshTokens()) record.revokedAt = 1;
  expect(client.sandbox.control.refreshTokens()).toMatchObject([{ revokedAt: null }]);
});

test("a slow token endpoint has acted before it answers", async () => {
  const client = await startConnectedClient();
  const { refreshToken } = await client.connect();
  client.sandbox.control.change({ tokenEndpointDelay: { fromMs: 300, toMs: 300 } });
  await client.refresh(refreshToken);
  const [used, issued] = client.sandbox.control.refreshTokens();
  const { arrivedAt, answeredAt } = used?.requests[0] ?? { arrivedAt: 0, answeredAt: 0 };
  expect((answeredAt ?? 0) - arrivedAt).toBeGreaterThan(290);
  expect(issued?.issuedAt).toBeGreaterThanOrEqual(arrivedAt);
  expect(issued?.issuedAt).toBeLessThanOrEqual(answeredAt ?? 0);
});
