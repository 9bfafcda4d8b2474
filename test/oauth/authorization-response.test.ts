import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAuthorizationResponse, type ExpectedResponse } from "../../src/oauth/authorization-response.ts";

const ISSUER = "https://as.example";
const EXPECTED: ExpectedResponse = { issuer: ISSUER, issRequired: true, clientId: "client-1", state: "state-1" };
const MISFIT = "its parameters do not fit this request (RFC 6749 §4.1.2, RFC 9207)";

function read(query: string, change: Partial<ExpectedResponse> = {}) {
  return readAuthorizationResponse(new URLSearchParams(query), { ...EXPECTED, ...change });
}

/** The code, or what the answer was refused for. */
function codeOf(query: string, change: Partial<ExpectedResponse> = {}): string {
  const response = read(query, change);
  return response.kind === "code" ? response.code.reveal() : response.kind;
}

describe("an answer with a code (RFC 6749 §4.1.2)", () => {
  test("gives the code", () => {
    expect(codeOf(`code=c-1&state=state-1&iss=${ISSUER}`)).toBe("c-1");
  });

  test("may hold parameters that nobody knows", () => {
    expect(codeOf(`code=c-1&state=state-1&iss=${ISSUER}&session_state=s&scope=read&hd=example.com`)).toBe("c-1");
  });

  test("need not hold iss when the server has not announced it", () => {
    expect(codeOf("code=c-1&state=state-1", { issRequired: false })).toBe("c-1");
  });

  test("may hold any iss when the issuer is not known", () => {
    expect(codeOf("code=c-1&state=state-1&iss=https://elsewhere.example", { issuer: null })).toBe("c-1");
    expect(codeOf("code=c-1&state=state-1", { issuer: null })).toBe("c-1");
  });
});

describe("an answer is refused", () => {
  test.each([
    ["without the iss that the server has announced (RFC 9207 §2.4)", "code=c-1&state=state-1"],
    ["with an empty iss", "code=c-1&state=state-1&iss="],
    ["with another server's iss (RFC 9207 §2.4)", "code=c-1&state=state-1&iss=https://evil.example"],
    ["with an iss that only begins alike (RFC 9207 §2.4)", `code=c-1&state=state-1&iss=${ISSUER}.evil.example`],
    ["without state (RFC 6749 §10.12)", `code=c-1&iss=${ISSUER}`],
    ["with another state (RFC 6749 §10.12)", `code=c-1&state=state-2&iss=${ISSUER}`],
    ["with state in another case", `code=c-1&state=State-1&iss=${ISSUER}`],
    ["with two states (RFC 6749 §3.1)", `code=c-1&state=state-1&state=state-1&iss=${ISSUER}`],
    ["with two issuers (RFC 6749 §3.1)", `code=c-1&state=state-1&iss=${ISSUER}&iss=${ISSUER}`],
    ["with two errors (RFC 6749 §3.1)", `error=access_denied&error=server_error&state=state-1&iss=${ISSUER}`],
    ["with an ID token, which was not asked for", `code=c-1&state=state-1&iss=${ISSUER}&id_token=e.y.J`],
    ["with an access token, which was not asked for", `code=c-1&state=state-1&iss=${ISSUER}&token=at-1`],
    ["with an error that is meant for another request", `error=access_denied&state=state-2&iss=${ISSUER}`],
    ["with an error of another server", "error=access_denied&state=state-1&iss=https://evil.example"],
    ["with nothing at all", ""],
  ])("%s", (_how, query) => {
    expect(read(query)).toEqual({ kind: "invalid", problem: MISFIT });
  });

  test("with another server's iss, also where none was announced (RFC 9207 §2.4)", () => {
    expect(codeOf("code=c-1&state=state-1&iss=https://evil.example", { issRequired: false })).toBe("invalid");
  });

  test.each([
    ["without a code", `state=state-1&iss=${ISSUER}`],
    ["with an empty code", `code=&state=state-1&iss=${ISSUER}`],
    ["with two codes (RFC 6749 §3.1)", `code=c-1&code=c-2&state=state-1&iss=${ISSUER}`],
    ["with the same code twice (RFC 6749 §3.1)", `code=c-1&code=c-1&state=state-1&iss=${ISSUER}`],
  ])("%s", (_how, query) => {
    expect(read(query)).toEqual({ kind: "invalid", problem: "it does not hold exactly one code" });
  });
});

describe("an answer with an error (RFC 6749 §4.1.2.1)", () => {
  test("gives the error's code and not its words", () => {
    const query = `error=access_denied&error_description=No+thanks&state=state-1&iss=${ISSUER}`;
    expect(read(query)).toEqual({ kind: "denied", error: "access_denied" });
  });

  test("outweighs a code beside it", () => {
    expect(read(`error=server_error&code=c-1&state=state-1&iss=${ISSUER}`)).toEqual({
      kind: "denied",
      error: "server_error",
    });
  });

  test.each(["<script>", "Access Denied", "a".repeat(61), "err%0d%0aor", "café"])("does not repeat %s", (error) => {
    expect(read(`error=${error}&state=state-1&iss=${ISSUER}`)).toEqual({ kind: "denied", error: "unrecognised_error" });
  });
});

test("no parameters make the reader throw, and none but the right state gives a code", () => {
  const name = fc.oneof(fc.constantFrom("code", "state", "iss", "error", "response", "id_token"), fc.string());
  const value = fc.oneof(fc.constantFrom("state-2", ISSUER, "c-1"), fc.string());
  const pairs = fc.array(fc.tuple(name, value), { maxLength: 6 });
  const property = fc.property(pairs, fc.boolean(), (entries, issRequired) => {
    fc.pre(!entries.some(([key, text]) => key === "state" && text === "state-1"));
    const parameters = new URLSearchParams(entries);
    expect(readAuthorizationResponse(parameters, { ...EXPECTED, issRequired }).kind).toBe("invalid");
  });
  fc.assert(property);
});
