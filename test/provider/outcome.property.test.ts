import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classifyRefresh } from "../../src/provider/outcome.ts";
import { secret } from "../../src/runtime/secret.ts";
import { httpAnswer } from "../oauth/http-answer.ts";
import { providerEntry } from "./entry.ts";

const PROVIDER = providerEntry();
const SENT = secret("rt-sent-2b9e");
const status = fc.integer({ min: 100, max: 599 });
const retryAfterMs = fc.option(fc.nat());
const word = fc.oneof(
  fc.constantFrom(
    "invalid_client",
    "invalid_request",
    "invalid_grant_type",
    "expired_token",
    "token_revoked",
    "revoked",
  ),
  fc.string(),
);
const errorBody = fc.record({ error: word, error_description: word }, { requiredKeys: [] });
const anyBody = fc.oneof(
  fc.string(),
  fc.json(),
  errorBody.map((body) => JSON.stringify(body)),
);

function classify(code: number, body: string | Uint8Array, wait: number | null = null) {
  const response = httpAnswer(code, body, { retryAfterMs: wait });
  return classifyRefresh({ kind: "response", response }, { refreshToken: SENT, at: 0 }, PROVIDER);
}

describe("whatever a token endpoint answers", () => {
  test("nothing but invalid_grant says that the refresh token is dead", () => {
    const property = fc.property(status, anyBody, retryAfterMs, (code, body, wait) => {
      fc.pre(!body.includes('invalid_grant"'));
      expect(classify(code, body, wait).kind).not.toBe("rejected");
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("invalid_grant says so only where the server answers for itself, not under 429 or 5xx", () => {
    const refusing = fc.oneof(fc.constant(429), fc.integer({ min: 500, max: 599 }));
    const property = fc.property(refusing, word, (code, description) => {
      const body = JSON.stringify({ error: "invalid_grant", error_description: description });
      expect(["retry_later", "lost"]).toContain(classify(code, body).kind);
    });
    fc.assert(property);
  });

  test("only a success brings tokens", () => {
    const property = fc.property(status, fc.string({ minLength: 1 }), (code, token) => {
      const { kind } = classify(code, JSON.stringify({ access_token: `a${token}`, refresh_token: `r${token}` }));
      expect(kind === "rotated").toBe(code >= 200 && code < 300);
    });
    fc.assert(property);
  });

  test("a success without tokens is never taken for a request that did nothing, unless it names an error", () => {
    const success = fc.integer({ min: 200, max: 299 });
    const property = fc.property(success, fc.string(), (code, text) => {
      fc.pre(!text.includes("error") && !text.includes("access_token"));
      expect(classify(code, text).kind).toBe("lost");
    });
    fc.assert(property);
  });

  test("the classifier does not throw on any bytes, and its codes are short", () => {
    const property = fc.property(status, fc.oneof(fc.uint8Array(), anyBody), (code, body) => {
      const outcome = classify(code, body);
      expect("code" in outcome ? outcome.code.length : 0).toBeLessThanOrEqual(100);
    });
    fc.assert(property);
  });

  test("an outcome never shows the token that was sent or one that came", () => {
    const property = fc.property(status, fc.constantFrom("invalid_grant", "x", null), (code, error) => {
      const body = { access_token: "at-came-81f0", refresh_token: SENT.reveal(), ...(error !== null && { error }) };
      const outcome = classify(code, JSON.stringify(body));
      const shown = inspect(outcome, { depth: null, showHidden: true }) + JSON.stringify(outcome);
      expect(shown).not.toMatch(/rt-sent-2b9e|at-came-81f0/);
    });
    fc.assert(property);
  });
});
