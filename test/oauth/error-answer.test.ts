import { describe, expect, test } from "vitest";
import { readError } from "../../src/oauth/error-answer.ts";

function codesOf(status: number, json: object): string[] | null {
  const error = readError(status, { ...json });
  return error && [error.code, ...error.subcodes];
}

describe("the codes of a refusal", () => {
  test.each<[string, object, string[]]>([
    ["the standard's", { error: "invalid_grant" }, ["invalid_grant"]],
    [
      "a subtype beside it",
      { error: "invalid_grant", error_subtype: "invalid_rapt" },
      ["invalid_grant", "invalid_rapt"],
    ],
    [
      "numbers, also out of the description",
      { error: "invalid_grant", error_codes: [50173], error_description: "AADSTS70008: The token has expired." },
      ["invalid_grant", "50173", "70008"],
    ],
    [
      "an object",
      { error: { code: 190, type: "OAuthException", error_subcode: 460 } },
      ["190", "OAuthException", "460"],
    ],
    ["a list of objects", { errors: [{ errorType: "expired_token" }], success: false }, ["expired_token"]],
    ["a list of codes", { errors: ["invalid_token"] }, ["invalid_token"]],
    ["a status in words", { status: "BAD_REFRESH_TOKEN", message: "unknown" }, ["BAD_REFRESH_TOKEN"]],
    ["a code beside a number", { error: "invalid_grant", error_code: "KOE322" }, ["invalid_grant", "KOE322"]],
    ["nothing but a message", { message: "Authorization Error" }, ["http_401"]],
  ])("are read from %s", (_what, json, codes) => {
    expect(codesOf(401, json)).toEqual(codes);
  });

  test("are ten at most", () => {
    const errors = Array.from({ length: 50 }, (_, index) => ({ code: `code_${index}` }));
    expect(codesOf(400, { errors })).toHaveLength(10);
  });

  test.each([{}, { foo: "bar" }, { error: null, message: " " }])("are none in %j", (json) => {
    expect(codesOf(400, json)).toBeNull();
  });
});

describe("under HTTP 200", () => {
  test("an error is one by name only", () => {
    expect(codesOf(200, { ok: false, error: "invalid_refresh_token" })).toEqual(["invalid_refresh_token"]);
    expect(codesOf(200, { error: { code: "expired" } })).toEqual(["expired"]);
  });

  test.each([{ status: "success" }, { code: 0, message: "ok" }, { type: "bearer" }, { message: "hello" }])(
    "%j is none",
    (json) => {
      expect(codesOf(200, json)).toBeNull();
    },
  );
});

describe("a token that stands in the answer", () => {
  test("is hidden where the text is cut in the middle of it", () => {
    const token = "abc-def-ghi-jkl-mno-pqr";
    const text = `${". ".repeat(145)}${token}`;
    const error = readError(400, { error: "e", error_description: text, refresh_token: token });
    expect(error?.description).not.toContain("abc-def");
  });

  test("does not make the text grow, however short and however many there are", () => {
    const tokens = Array.from({ length: 5000 }, (_, index) => [`t${index}_token`, "secret"[index % 6]]);
    const error = readError(400, {
      error: "e",
      error_description: "secrets everywhere",
      ...Object.fromEntries(tokens),
    });
    expect(error?.description).toBe("secrets everywhere");
  });
});

test.each(["error_description", "message", "detail", "description", "reason", "errorSummary"])(
  "%s says why",
  (name) => {
    expect(readError(400, { error: "e", [name]: "The token is over." })?.description).toBe("The token is over.");
    expect(readError(400, { error: { code: "e", [name]: "The token is over." } })?.description).toBe(
      "The token is over.",
    );
  },
);
