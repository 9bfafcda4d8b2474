import { describe, expect, test } from "vitest";
import { readTokenResponse, type ReceivedTokens } from "../../src/oauth/token-response.ts";
import { httpAnswer, READING } from "./http-answer.ts";

function read(body: string | object, status = 200) {
  return readTokenResponse(httpAnswer(status, body), READING);
}

function tokensOf(body: object): ReceivedTokens {
  const answer = read({ access_token: "at-1", ...body });
  if (answer.kind !== "tokens") throw new Error(`expected tokens, got ${answer.kind}`);
  return answer.tokens;
}

describe("a successful answer (RFC 6749 §5.1)", () => {
  test("gives every field it holds", () => {
    const tokens = tokensOf({
      token_type: "Bearer",
      refresh_token: "rt-2",
      expires_in: 3600,
      refresh_token_expires_in: 86400,
      scope: "read write",
      id_token: "e.y.J",
    });
    expect(tokens.accessToken.reveal()).toBe("at-1");
    expect(tokens.refreshToken?.reveal()).toBe("rt-2");
    expect(tokens.idToken?.reveal()).toBe("e.y.J");
    expect(tokens).toMatchObject({
      tokenType: "Bearer",
      expiresIn: 3600,
      refreshExpiresIn: 86400,
      scope: ["read", "write"],
    });
  });

  test("may hold an access token alone", () => {
    expect(tokensOf({})).toMatchObject({
      tokenType: "Bearer",
      refreshToken: null,
      expiresIn: null,
      refreshExpiresIn: null,
      scope: null,
      idToken: null,
    });
  });

  test("may begin with a byte-order mark and end with blanks", () => {
    expect(read(`\u{feff} {"access_token":"at-1"} \r\n`).kind).toBe("tokens");
  });

  test.each([
    ["separated by blanks", "a b  c", ["a", "b", "c"]],
    ["separated by commas", "a,b, c", ["a", "b", "c"]],
    ["empty", "", []],
    ["a list", ["a", "b"], ["a", "b"]],
    ["an object", { a: 1 }, null],
    ["null", null, null],
    ["repeated", "read write read,write", ["read", "write"]],
  ])("has a scope that is %s", (_how, scope, expected) => {
    expect(tokensOf({ scope }).scope).toEqual(expected);
  });
});

describe("the lifetime", () => {
  test.each([
    ["a number", 3600, 3600],
    ["a number as text (expires-in-as-string)", "60", 60],
    ["text with blanks around it", " 60 ", 60],
    ["a decimal", 3599.97, 3599],
    ["a decimal as text", "3599.97", 3599],
    ["zero, which is not the same as never (expires-in-zero-stored-as-never)", 0, 0],
    ["zero as text", "0", 0],
    ["negative, which counts as over", -5, 0],
    ["huge", 1e300, 1e300],
  ])("is %s", (_how, value, expected) => {
    expect(tokensOf({ expires_in: value }).expiresIn).toBe(expected);
  });

  test.each([
    ["absent (nan-ttl-caches-token-permanently)", undefined],
    ["null", null],
    ["empty", ""],
    ["blank", "  "],
    ["a word", "never"],
    ["a date", "2026-01-01T00:00:00Z"],
    ["not a number", "NaN"],
    ["infinite", "Infinity"],
    ["a truth value", true],
    ["an object", { seconds: 60 }],
    ["a list", [60]],
  ])("is unknown when it is %s", (_how, value) => {
    expect(tokensOf({ expires_in: value }).expiresIn).toBeNull();
  });

  test("of the refresh token is read under either of its usual names", () => {
    expect(tokensOf({ refresh_expires_in: "60" }).refreshExpiresIn).toBe(60);
    expect(tokensOf({ refresh_token_expires_in: 60 }).refreshExpiresIn).toBe(60);
    expect(tokensOf({ refresh_expires_in: null, refresh_token_expires_in: 60 }).refreshExpiresIn).toBe(60);
  });
});

describe("a refresh token that is not there, so that the stored one stays (RFC 6749 §6)", () => {
  test.each([
    ["absent (spring-refresh-drops-refresh-token)", undefined],
    ["null (token-response-refresh-token-null-literal)", null],
    ["empty", ""],
    ["blank", " "],
    ["false", false],
    ["an object", {}],
  ])("is %s", (_how, value) => {
    expect(tokensOf({ refresh_token: value }).refreshToken).toBeNull();
  });
});

describe("an error (RFC 6749 §5.2)", () => {
  test("has a status, a code and a description", () => {
    expect(read({ error: "invalid_grant", error_description: "Token has been revoked." }, 400)).toEqual({
      kind: "error",
      error: { status: 400, code: "invalid_grant", subcodes: [], description: "Token has been revoked." },
    });
  });

  test("is an error under HTTP 200 too (github-200-with-error-body)", () => {
    const body = { error: "bad_refresh_token", error_description: "The refresh token passed is incorrect or expired." };
    expect(read(body, 200)).toMatchObject({ kind: "error", error: { status: 200, code: "bad_refresh_token" } });
  });

  test("outweighs an access token beside it", () => {
    expect(read({ error: "invalid_grant", access_token: "at-1" }, 400).kind).toBe("error");
  });

  test("may say why in a field of another name (zoom-invalid-token-body-with-reason)", () => {
    expect(read({ error: "invalid_grant", reason: "Invalid Token!" }, 400)).toMatchObject({
      kind: "error",
      error: { code: "invalid_grant", description: "Invalid Token!" },
    });
  });

  test("may come without a description", () => {
    expect(read({ error: "invalid_grant" }, 400)).toMatchObject({ error: { description: null } });
  });

  test("keeps a code that is no code as it came (zoho-response-without-expires-in-random)", () => {
    const body = { error: "Access Denied", error_description: "Too many requests.", status: "failure" };
    expect(read(body, 200)).toMatchObject({ kind: "error", error: { code: "Access Denied" } });
  });

  test("is cut to a length that fits a line, and holds no control characters", () => {
    const answer = read(
      { error: `e\r\n${"x".repeat(200)}`, error_description: `d\u0000\u001b[31m ${"y".repeat(999)}` },
      400,
    );
    expect(answer).toEqual({
      kind: "error",
      error: { status: 400, code: `e ${"x".repeat(78)}`, subcodes: [], description: `d [31m ${"y".repeat(293)}` },
    });
  });

  test.each([
    ["empty", ""],
    ["null", null],
    ["an object", { code: 1 }],
    ["false", false],
  ])("is none when its code is %s", (_how, error) => {
    expect(read({ error, access_token: "at-1" }).kind).toBe("tokens");
  });
});

describe("an answer that cannot be read", () => {
  test.each([
    ["no bytes", "", "empty"],
    ["blanks", " \r\n\t", "empty"],
    ["a gateway's page (mattermost-html-500-for-bad-code)", "<html>502</html>", "html"],
    ["a page after blanks", "\n<!doctype html>", "html"],
    ["words", "Service Unavailable", "not_json"],
    ["a form", "access_token=at-1&token_type=bearer", "not_json"],
    ["JSON that ends too early", '{"access_token":"at-1"', "not_json"],
    ["a JSON list", '[{"access_token":"at-1"}]', "not_json"],
    ["JSON text", '"at-1"', "not_json"],
    ["JSON null", "null", "not_json"],
    ["JSON as deep as a parser's stack", "[".repeat(200_000), "not_json"],
    ["an object without a token (200-without-access-token)", '{"token_type":"Bearer"}', "no_access_token"],
    ["an empty object", "{}", "no_access_token"],
    ["an empty access token", '{"access_token":""}', "no_access_token"],
    ["a null access token", '{"access_token":null}', "no_access_token"],
    ["an access token that is no text", '{"access_token":{"value":"at-1"}}', "no_access_token"],
    ["an access token that is a number", '{"access_token":12345}', "no_access_token"],
    ["another dialect's error", '{"status":"BAD_REFRESH_TOKEN","message":"unknown"}', "no_access_token"],
  ])("is %s", (_what, body, problem) => {
    expect(read(body)).toEqual({ kind: "unreadable", problem });
  });

  test("may be no UTF-8 at all", () => {
    const answer = readTokenResponse(httpAnswer(200, Uint8Array.of(0xff, 0xfe, 0x00, 0xc3)), READING);
    expect(answer).toEqual({ kind: "unreadable", problem: "not_json" });
  });
});

describe("a token that an error quotes", () => {
  test.each([
    [
      "an opaque one",
      "refresh token dGhpcyBpcyBhIHRva2VuIGZvciBhIHRlc3Q is unknown",
      "refresh token [secret] is unknown",
    ],
    ["a Google one", "1//0gQxYzAbCdEfGhIjKlMnOpQrStUvWxYz is bad", "1//[secret] is bad"],
  ])("is taken out: %s", (_what, text, shown) => {
    expect(describedAs(text)).toBe(shown);
  });

  test.each([
    ["AADSTS50173: The provided grant has expired. Trace ID: 058b8a27-ea7e-490c-909c-96f8ecb4fc00"],
    ["see https://aka.ms/NewClientSecret, timestamp 2025-12-01 16:58:37Z"],
    ["authorization_request_not_found"],
  ])("leaves the rest readable: %s", (text) => {
    expect(describedAs(text)).toBe(text);
  });
});

function describedAs(description: string): string | null {
  const answer = read({ error: "invalid_grant", error_description: description }, 400);
  return answer.kind === "error" ? answer.error.description : null;
}
