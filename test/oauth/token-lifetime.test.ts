import { describe, expect, test } from "vitest";
import { accessLifetime, refreshLifetime, type AnswerTime } from "../../src/oauth/token-lifetime.ts";
import { secret } from "../../src/runtime/secret.ts";

const NOW = Date.UTC(2026, 0, 1) / 1000;
const SAME_TIME: AnswerTime = { server: NOW, local: NOW };
const NO_DATE: AnswerTime = { server: null, local: NOW };

function jwt(claims: object): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `eyJhbGciOiJub25lIn0.${payload}.c2ln`;
}

function access(json: object, { token = "opaque", time = SAME_TIME } = {}): number | null {
  return accessLifetime({ ...json }, secret(token), time);
}

describe("how long an access token lives", () => {
  test.each<[string, object, number | null]>([
    ["expires_in", { expires_in: 3600 }, 3600],
    ["expires_in as text", { expires_in: "3600" }, 3600],
    ["nothing", {}, null],
    ["expires_at in seconds", { expires_at: NOW + 600 }, 600],
    ["expires_at in milliseconds", { expires_at: (NOW + 600) * 1000 }, 600],
    ["expires_at as a date", { expires_at: "2026-01-01T00:10:00Z" }, 600],
    ["expires_at as a date of another place", { expires_at: "2026-01-01T01:10:00+01:00" }, 600],
    ["expires_on, in seconds as text", { expires_on: String(NOW + 600) }, 600],
    ["the time of issue and expires_in", { issued_at: NOW - 100, expires_in: 600 }, 500],
    ["the time of issue in milliseconds as text", { issued_at: String((NOW - 100) * 1000), expires_in: 600 }, 500],
    ["created_at and expires_in", { created_at: NOW - 100, expires_in: 600 }, 500],
    ["the time of issue alone", { issued_at: NOW }, null],
    ["a date that is none", { expires_at: "tomorrow" }, null],
    ["a date without a place", { expires_at: "2026-01-01T00:10:00" }, null],
    ["zero as a time", { expires_at: 0 }, null],
  ])("is told by %s", (_what, json, expected) => {
    expect(access(json)).toBe(expected);
  });

  test("is told by a JWT, and by whatever ends first", () => {
    const token = jwt({ exp: NOW + 300 });
    expect(access({}, { token })).toBe(300);
    expect(access({ expires_in: 3600 }, { token })).toBe(300);
    expect(access({ expires_in: 60 }, { token })).toBe(60);
  });

  test.each(["a.b", "a.b.c.d", "a.!!.c", `a.${Buffer.from("[1]").toString("base64url")}.c`, "..", jwt({ exp: "x" })])(
    "is not told by %j",
    (token) => {
      expect(access({ expires_in: 60 }, { token })).toBe(60);
    },
  );

  test("does not depend on how wrong our clock is, while the server tells its own", () => {
    for (const wrong of [-600, 600, -86_400]) {
      const time = { server: NOW, local: NOW + wrong };
      expect(access({ expires_at: NOW + 900 }, { time })).toBe(900);
      expect(access({ expires_in: 3600 }, { time, token: jwt({ exp: NOW + 900 }) })).toBe(900);
    }
  });

  test("is the difference of a JWT's own times when the server does not tell its clock", () => {
    const token = jwt({ iat: NOW + 5000, exp: NOW + 5900 });
    expect(access({ expires_in: 3600 }, { token, time: NO_DATE })).toBe(900);
  });

  test("is not told by a time that is over by the clocks that there are: one of them is wrong", () => {
    expect(access({ expires_in: 3600, issued_at: NOW - 9000 })).toBe(3600);
    expect(access({ expires_in: 3600 }, { token: jwt({ exp: NOW - 1 }), time: NO_DATE })).toBe(3600);
  });
});

describe("how long a refresh token lives", () => {
  test.each<[string, object, number | null]>([
    ["refresh_token_expires_in", { refresh_token_expires_in: 600 }, 600],
    ["refresh_expires_in", { refresh_expires_in: "600" }, 600],
    ["x_refresh_token_expires_in", { x_refresh_token_expires_in: 600 }, 600],
    ["refresh_token_expires_at", { refresh_token_expires_at: "2026-01-01T00:10:00Z" }, 600],
    ["nothing", { expires_in: 600 }, null],
  ])("is told by %s", (_what, json, expected) => {
    expect(refreshLifetime({ ...json }, SAME_TIME)).toBe(expected);
  });
});
