import { afterEach, describe, expect, test, vi } from "vitest";
import { clientId, codeForm, startConnectedClient, statuses, tokensIn } from "./connected-client.ts";

/** Moves the clock and nothing else: timers and sockets go on as ever. */
function wait(seconds: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ["Date"], now: now + seconds * 1000 });
}

afterEach(() => vi.useRealTimers());

describe("access token lifetime", () => {
  test("is what it is at the moment of issue", async () => {
    const client = await startConnectedClient({ behaviour: { accessTokenLifetimeSeconds: 30 } });
    const { accessToken, refreshToken } = await client.connect();
    client.sandbox.control.change({ accessTokenLifetimeSeconds: 7 });
    const refreshed = await client.refresh(refreshToken);
    expect(refreshed.body.expires_in).toBe(7);

    expect((await client.api("/api/files", accessToken)).status).toBe(200);
    wait(8);
    expect((await client.api("/api/files", tokensIn(refreshed).accessToken)).status).toBe(401);
    expect((await client.api("/api/files", accessToken)).status).toBe(200);
    wait(23);
    expect((await client.api("/api/files", accessToken)).status).toBe(401);
  });

  test("refuses what is no lifetime", async () => {
    const { sandbox } = await startConnectedClient();
    expect(() => sandbox.control.change({ accessTokenLifetimeSeconds: 0 })).toThrow(RangeError);
    expect(sandbox.control.behaviour().accessTokenLifetimeSeconds).toBe(3600);
  });
});

describe("rotation", () => {
  test("on: each refresh replaces the refresh token", async () => {
    const client = await startConnectedClient();
    const first = await client.connect();
    const second = tokensIn(await client.refresh(first.refreshToken));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect((await client.refresh(second.refreshToken)).status).toBe(200);
  });

  test("off: the answer repeats the refresh token, however often", async () => {
    const client = await startConnectedClient({ behaviour: { rotation: false } });
    const { refreshToken } = await client.connect();
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.refresh(refreshToken)));
    expect(answers.map((answer) => tokensIn(answer).refreshToken)).toEqual(Array(5).fill(refreshToken));
    expect(client.sandbox.control.counts().reuseDetected).toBe(0);
  });

  test("refresh tokens live long and so does their grant", async () => {
    const client = await startConnectedClient();
    const { refreshToken } = await client.connect();
    wait(360 * 86_400);
    const refreshed = tokensIn(await client.refresh(refreshToken));
    wait(360 * 86_400);
    expect((await client.refresh(refreshed.refreshToken)).status).toBe(200);
  });
});

describe("a used refresh token", () => {
  test("revoke_family: is refused and takes every token of the grant with it, but no other grant", async () => {
    const client = await startConnectedClient();
    const other = await client.connect();
    const first = await client.connect();
    const second = tokensIn(await client.refresh(first.refreshToken));

    expect(await client.refresh(first.refreshToken)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await client.refresh(second.refreshToken)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect((await client.api("/api/files", second.accessToken)).status).toBe(401);
    expect((await client.api("/api/files", other.accessToken)).status).toBe(200);
    expect((await client.refresh(other.refreshToken)).status).toBe(200);
    expect(client.sandbox.control.counts().reuseDetected).toBe(1);
  });

  test("error: is refused and nothing else happens", async () => {
    const client = await startConnectedClient({ behaviour: { reuse: { kind: "error" } } });
    const first = await client.connect();
    const second = tokensIn(await client.refresh(first.refreshToken));

    expect(await client.refresh(first.refreshToken)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect((await client.api("/api/files", second.accessToken)).status).toBe(200);
    expect((await client.refresh(second.refreshToken)).status).toBe(200);
  });

  test("accept: is good for so many seconds after its first use, then refused without harm", async () => {
    const client = await startConnectedClient({ behaviour: { reuse: { kind: "accept", seconds: 30 } } });
    const { refreshToken } = await client.connect();
    wait(1000);
    const first = tokensIn(await client.refresh(refreshToken));
    wait(20);
    const second = tokensIn(await client.refresh(refreshToken));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    wait(9);
    expect((await client.refresh(refreshToken)).status).toBe(200);
    wait(1);
    expect(await client.refresh(refreshToken)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect((await client.refresh(first.refreshToken)).status).toBe(200);
    expect((await client.refresh(second.refreshToken)).status).toBe(200);
    expect(client.sandbox.control.counts().reuseDetected).toBe(3);
  });

  test.each([
    ["error", { kind: "error" }, [200, ...Array(9).fill(400)], 200],
    ["revoke_family", { kind: "revoke_family" }, [200, ...Array(9).fill(400)], 400],
    ["accept", { kind: "accept", seconds: 30 }, Array(10).fill(200), 200],
  ] as const)("%s: of ten simultaneous uses one is the first", async (_name, reuse, expected, afterwards) => {
    const client = await startConnectedClient({ behaviour: { reuse } });
    const { refreshToken } = await client.connect();
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.refresh(refreshToken)));
    expect(statuses(answers)).toEqual(expected);
    const winner = answers.find(({ status }) => status === 200);
    if (winner === undefined) throw new Error("nobody won");
    expect((await client.refresh(tokensIn(winner).refreshToken)).status).toBe(afterwards);
    const { reuseDetected } = client.sandbox.control.counts();
    // Once the family is gone the others meet a token that no longer exists.
    expect(reuseDetected).toBe(reuse.kind === "revoke_family" ? 1 : 9);
  });

  test("of another client is refused before its use is judged", async () => {
    const client = await startConnectedClient();
    const first = await client.connect();
    const second = tokensIn(await client.refresh(first.refreshToken));
    const thief = { clientId: "thief", clientSecret: "x", redirectUris: [client.redirectUri] };
    await client.sandbox.control.putClient(thief);
    const form = { grant_type: "refresh_token", refresh_token: first.refreshToken };
    const stolen = await client.token({ ...form, client_id: "thief", client_secret: "x" }, {});
    expect(stolen).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect((await client.refresh(second.refreshToken)).status).toBe(200);
  });
});

describe("offline access", () => {
  test("required: no refresh token without the scope and prompt=consent", async () => {
    const client = await startConnectedClient();
    for (const changes of [{ scope: "openid files.read" }, { prompt: "login" }]) {
      const { url } = await client.authorize(changes);
      const answer = await client.token(codeForm(url, client.redirectUri));
      expect(answer.status).toBe(200);
      expect(answer.body).not.toHaveProperty("refresh_token");
    }
  });

  test("not required: always a refresh token, and it works", async () => {
    const client = await startConnectedClient({ behaviour: { offlineAccessRequired: false } });
    const { refreshToken } = await client.connect({ scope: "files.read", prompt: "login" });
    // The browser session is long over by then.
    wait(86_400);
    expect(await client.refresh(refreshToken)).toMatchObject({ status: 200, body: { scope: "files.read" } });
  });
});

test("refreshes in a row keep their pace", async () => {
  const client = await startConnectedClient();
  let { refreshToken } = await client.connect();
  const times: number[] = [];
  for (let count = 0; count < 200; count += 1) {
    const started = performance.now();
    refreshToken = tokensIn(await client.refresh(refreshToken)).refreshToken;
    times.push(performance.now() - started);
  }
  expect(median(times.slice(100))).toBeLessThan(3 * median(times.slice(0, 100)));
  expect(client.sandbox.control.counts()).toMatchObject({
    refreshRequests: 200,
    refreshesSucceeded: 200,
    tokenRequestsByClient: { [clientId]: 201 },
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
