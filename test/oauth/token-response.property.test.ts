import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTokenResponse } from "../../src/oauth/token-response.ts";
import { httpAnswer, READING } from "./http-answer.ts";

const SENTINEL = "sentinel-7c1d";
const status = fc.integer({ min: 100, max: 599 });
const headers = fc.dictionary(fc.string(), fc.string());

/** Fields that the general reader knows, mixed with ones that it does not. */
const field = fc.oneof(
  fc.constantFrom(
    "access_token",
    "refresh_token",
    "id_token",
    "expires_in",
    "refresh_expires_in",
    "token_type",
    "scope",
  ),
  fc.constantFrom("error", "error_description", "error_uri", "message", "ok", "__proto__", "constructor", "toJSON"),
  fc.string(),
);

/** What the reader shows by design; a token has no business there. */
const SHOWN = new Set(["token_type", "scope", "error", "error_description", "message"]);

const withSentinel = fc.oneof(
  fc.constantFrom(SENTINEL, `Bearer ${SENTINEL}`, [SENTINEL], { token: SENTINEL }, { [SENTINEL]: 1 }),
  fc.string().map((text) => text + SENTINEL),
);

const body = fc
  .array(fc.tuple(field, withSentinel, fc.jsonValue()), { maxLength: 8 })
  .map((entries) => entries.map(([name, leaky, plain]) => [name, SHOWN.has(name) ? plain : leaky] as const))
  .map((entries) => JSON.stringify(Object.fromEntries(entries)));

/** Everything that a log line, a trace or a dump could make of a value. */
function shown(value: unknown): string {
  return inspect(value, { depth: null, showHidden: true, getters: true }) + JSON.stringify(value) + String(value);
}

describe("readTokenResponse, whatever comes", () => {
  test("does not throw on any bytes", () => {
    const property = fc.property(status, headers, fc.uint8Array({ maxLength: 500 }), (code, rest, bytes) => {
      const answer = readTokenResponse(httpAnswer(code, bytes, { headers: rest }), READING);
      expect(["tokens", "error", "unreadable"]).toContain(answer.kind);
    });
    fc.assert(property);
  });

  test("does not throw on any JSON", () => {
    const property = fc.property(status, fc.json(), (code, text) => {
      expect(["tokens", "error", "unreadable"]).toContain(readTokenResponse(httpAnswer(code, text), READING).kind);
    });
    fc.assert(property);
  });

  test("gives every lifetime as a whole number of seconds, not below zero, or as unknown", () => {
    const value = fc.oneof(fc.double(), fc.double().map(String), fc.maxSafeInteger(), fc.string(), fc.jsonValue());
    const property = fc.property(value, (lifetime) => {
      const answer = readTokenResponse(httpAnswer(200, { access_token: "at-1", expires_in: lifetime }), READING);
      const seconds = answer.kind === "tokens" ? answer.tokens.expiresIn : Number.NaN;
      expect(seconds === null || (Number.isInteger(seconds) && seconds >= 0)).toBe(true);
    });
    fc.assert(property);
  });
});

describe("a token in the body never shows", () => {
  test("in anything read from a JSON object", () => {
    const property = fc.property(status, body, (code, text) => {
      expect(shown(readTokenResponse(httpAnswer(code, text), READING))).not.toContain(SENTINEL);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("in the text of an error that repeats it", () => {
    const name = fc.constantFrom("access_token", "refresh_token", "id_token", "client_secret");
    const property = fc.property(status, name, (code, token) => {
      const text = `the token ${SENTINEL} is bad`;
      const bodies = [
        { error: "invalid_grant", error_description: text, [token]: SENTINEL },
        { error: { code: SENTINEL, message: text }, data: { [token]: SENTINEL } },
        { errors: [{ detail: text }, SENTINEL], [token]: SENTINEL },
      ];
      for (const one of bodies) {
        expect(shown(readTokenResponse(httpAnswer(code, one), READING))).not.toContain(SENTINEL);
      }
    });
    fc.assert(property);
  });

  test("when the JSON is cut off or broken at any place (json-parse-error-message-quotes-body)", () => {
    const whole = JSON.stringify({ access_token: SENTINEL, refresh_token: SENTINEL, expires_in: 3600 });
    const property = fc.property(status, fc.nat(whole.length), fc.string(), (code, at, junk) => {
      expect(shown(readTokenResponse(httpAnswer(code, whole.slice(0, at) + junk), READING))).not.toContain(SENTINEL);
      expect(shown(readTokenResponse(httpAnswer(code, junk + whole.slice(at)), READING))).not.toContain(SENTINEL);
    });
    fc.assert(property);
  });

  test.each([
    ["a page", `<html><body>${SENTINEL}</body></html>`],
    ["a form", `access_token=${SENTINEL}`],
    ["plain text", SENTINEL],
    ["JSON text", JSON.stringify(SENTINEL)],
    ["a list", JSON.stringify([SENTINEL])],
  ])("in %s", (_what, text) => {
    const answer = readTokenResponse(httpAnswer(200, text, { headers: { "set-cookie": SENTINEL } }), READING);
    expect(answer.kind).toBe("unreadable");
    expect(shown(answer)).not.toContain(SENTINEL);
  });
});
