import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sameHash } from "../../src/access/api-key.ts";
import { sameSecret } from "../../src/runtime/same-secret.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

/** Names of what an attacker would like to find out byte by byte. */
const SECRET =
  /(?:\.reveal\(\)|\b(?:sha256|sign|hashKey|randomToken|confirmationOf)\([^()]*\)|\b\w*(?:[hH]ash|[sS]ignature|[cC]ommitment|[nN]once|[dD]igest|[pP]epper|[sS]ecret|browserToken|[vV]erifier|[cC]onfirmation|[pP]assword)\b(?:\])?)/;

/** Comparisons that stop at the first difference. */
const COMPARED = [
  new RegExp(`${SECRET.source}\\s*[=!]==?`),
  new RegExp(`[=!]==?\\s*[\\w.?]*${SECRET.source}`),
  new RegExp(`${SECRET.source}\\.(?:equals|startsWith|endsWith|includes|localeCompare|indexOf)\\(`),
  /\b(?:Buffer\.compare|isDeepStrictEqual)\(/,
];

function comparesSecrets(line: string): boolean {
  if (/^(?:\*|\/\/|\/\*)/.test(line)) return false;
  const rest = line.replaceAll(/[=!]==?\s*(?:null|undefined|"")/g, "");
  return COMPARED.some((how) => how.test(rest));
}

const lines = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .flatMap((path) =>
    readFileSync(`${SRC}/${path}`, "utf8")
      .split("\n")
      .map((line) => ({ path, line: line.trim() })),
  );

/** Comparisons that the search takes for one of a secret, and why they are none. */
const NO_SECRETS: Readonly<Record<string, string>> = {
  "return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;": "sealed records, both from our own store",
};

/** Who uses the function that takes the same time whatever is right. */
const USERS = ["access/api-key.ts", "keyring/record.ts", "runtime/same-secret.ts"];

test("no secret, and no hash of one, is compared in a way that tells how much of it is right", () => {
  expect(lines.length).toBeGreaterThan(10_000);
  const found = lines.filter(({ line }) => comparesSecrets(line));
  const unexplained = found.filter(({ line }) => NO_SECRETS[line] === undefined);
  expect(unexplained.map(({ path, line }) => `${path}: ${line}`)).toEqual([]);
  const stale = Object.keys(NO_SECRETS).filter((line) => !found.some((one) => one.line === line));
  expect(stale).toEqual([]);
});

test("the search finds the comparisons that it is there for", () => {
  const wrong = [
    "if (session.linkHash !== sha256(link)) {",
    "return attempt?.browserHash === sha256(browserToken);",
    "if (a === session.linkHash) return;",
    "return key.reveal() === given;",
    "return given === key.reveal();",
    'expected.nonce === null || claims["nonce"] === expected.nonce',
    "if (record.commitment == derived.commitment) return;",
    "return clientSecret.startsWith(given);",
    "if (signature === sign(ports, claim)) return;",
    "if (Buffer.compare(a, b) === 0) return;",
  ];
  for (const line of wrong) expect([line, comparesSecrets(line)]).toEqual([line, true]);
  const right = [
    "if (clientSecret === null) return;",
    'if ((authentication === "none") !== (body.client_secret === undefined)) {',
    "return browserToken !== null && sameSecret(sha256(browserToken), attempt.browserHash);",
  ];
  for (const line of right) expect([line, comparesSecrets(line)]).toEqual([line, false]);
});

test("what compares secrets does it with the function that takes the same time", () => {
  const users = new Set(lines.filter(({ line }) => /\btimingSafeEqual\(/.test(line)).map(({ path }) => path));
  expect([...users].toSorted()).toEqual(USERS);
});

describe("secrets are the same", () => {
  test.each([
    ["", "", true],
    ["a", "a", true],
    ["é", "é", true],
    ["a", "", false],
    ["", "a", false],
    ["a", "b", false],
    ["a", "aa", false],
    ["é", "e", false],
    ["é", "aa", false],
    ["\u{e9}", "e\u{301}", false],
    ["x".repeat(43), `${"x".repeat(42)}y`, false],
  ])("%j and %j: %s", (a, b, same) => {
    expect(sameSecret(a, b)).toBe(same);
    expect(sameHash(Buffer.from(a), Buffer.from(b))).toBe(same);
  });
});
