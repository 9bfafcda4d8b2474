import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The lines of all tables, without the heads: attacker, want, wall, code, test. */
const lines = readFileSync(`${ROOT}/docs/threat-model.md`, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\| (?:attacker|-+) /.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

function paths(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

test("each line has an attacker, what he wants, a wall, where it is built, and a test", () => {
  expect(lines.length).toBeGreaterThan(35);
  for (const [attacker, wants, wall, code, proof, ...more] of lines) {
    expect([attacker, more]).toEqual([attacker, []]);
    for (const cell of [attacker, wants, wall]) expect(cell?.length).toBeGreaterThan(3);
    for (const path of paths(code)) expect(path).toMatch(/^src\/.*\.ts$/);
    for (const path of paths(proof)) expect(path).toMatch(/^test\/.*\.test\.ts$/);
    expect([attacker, paths(code).length * paths(proof).length > 0]).toEqual([attacker, true]);
  }
});

test("every file that it names is there", () => {
  const named = new Set(lines.flatMap(([, , , code, proof]) => [...paths(code), ...paths(proof)]));
  expect(named.size).toBeGreaterThan(40);
  expect([...named].filter((path) => !existsSync(`${ROOT}/${path}`))).toEqual([]);
});

test("every test of security is named", () => {
  const named = new Set(lines.flatMap(([, , , , proof]) => paths(proof)));
  const all = readdirSync(`${ROOT}/test/security`).filter((file) => file.endsWith(".test.ts"));
  expect(all.map((file) => `test/security/${file}`).filter((path) => !named.has(path))).toEqual([]);
});
