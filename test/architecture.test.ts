import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** The house: each folder's rank; within ranks 0 and 1 a folder may also import those that stand before it. */
const RANKS = [
  ["runtime", "oauth", "provider", "client", "connection"],
  ["access", "refresh", "connect", "event", "incident", "security-event"],
  ["keyring", "store", "journal", "network", "api", "facade", "pages", "notify", "telemetry"],
  ["service", "cli"],
] as const;

/** What reaches the outside world, and what ranks 0 and 1 are handed instead. */
const FORBIDDEN_BELOW_RANK_2: readonly [RegExp, string][] = [
  [/\bDate\b(?!`|\.parse\()/, "Clock"],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "Clock"],
  [/\bperformance\b/, "Clock"],
  [/\bMath\.random\b/, "Random"],
  [/\b(randomBytes|randomUUID|randomInt|getRandomValues)\b/, "Random"],
  [/\bfetch\(/, "Transport"],
  [/\bprocess\./, "arguments"],
  [/\bconsole\./, "Observer"],
];

/** Pure functions of Node: the same input gives the same output, and nothing is read or written. */
const PURE_NODE_IMPORTS = new Map([
  ["node:crypto", ["createHash", "createHmac", "timingSafeEqual"]],
  ["node:zlib", ["crc32"]],
]);

const PURE_PACKAGES = new Set(["zod", "oauth4webapi", "jose"]);

interface Source {
  path: string;
  folder: string;
  /** Without comments. */
  code: string;
  imports: { names: string[]; from: string }[];
}

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map(read);

function read(path: string): Source {
  const text = readFileSync(join(SRC, path), "utf8");
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
  const named = [...code.matchAll(/\b(?:import|export)\s+(?:type\s+)?([^;"]*?)\s+from\s+"([^"]+)"/g)];
  const bare = [...code.matchAll(/(^\s*import\s+|\bimport\(\s*)"([^"]+)"/gm)];
  const imports = [...named, ...bare].map(([, names = "", from = ""]) => ({
    names: [...names.matchAll(/[\w$]+/g)].map(([name]) => name).filter((name) => name !== "type"),
    from,
  }));
  return { path, folder: path.split("/")[0] ?? "", code, imports };
}

const pureSources = sources.filter(({ folder }) => rankOf(folder) < 2);

/** Every import with the folder of src that it leads to, or null for a package. */
function allImports() {
  return sources.flatMap((source) =>
    source.imports.map(({ from }) => {
      const target = from.startsWith(".")
        ? (relative(SRC, join(SRC, source.path, "..", from)).split("/")[0] ?? "")
        : null;
      return { source, from, target };
    }),
  );
}

function rankOf(folder: string): number {
  return RANKS.findIndex((rank) => rank.some((name) => name === folder));
}

/** A folder's place over all ranks, so that a larger one may import a smaller one. */
function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  const [rankFrom, rankTo] = [rankOf(from), rankOf(to)];
  if (rankFrom !== rankTo) return rankTo < rankFrom;
  if (rankFrom === 2) return false;
  const rank: readonly string[] = RANKS[rankFrom] ?? [];
  return rank.indexOf(to) < rank.indexOf(from);
}

test("every folder has a rank", () => {
  expect(sources.length).toBeGreaterThan(50);
  expect([...new Set(sources.map(({ folder }) => folder))].filter((folder) => rankOf(folder) < 0)).toEqual([]);
});

test("a folder imports only what its rank may", () => {
  const wrong = allImports().filter(({ source, target }) => target !== null && !mayImport(source.folder, target));
  expect(wrong.map(({ source, from }) => `${source.path} imports ${from}`)).toEqual([]);
});

test("nothing in src knows the sandbox, the SDK or the tests", () => {
  const wrong = allImports().filter(({ from }) => /@evergrant\/|\/test\/|sandbox/.test(from));
  expect(wrong.map(({ source, from }) => `${source.path} imports ${from}`)).toEqual([]);
});

test("ranks 0 and 1 are handed time, chance and the network", () => {
  const reached = pureSources.flatMap(({ path, code }) =>
    FORBIDDEN_BELOW_RANK_2.filter(([pattern]) => pattern.test(code)).map(([, instead]) => `${path} needs ${instead}`),
  );
  expect(reached).toEqual([]);
});

test("ranks 0 and 1 use no module that reads or writes anything", () => {
  const impure = pureSources.flatMap(({ path, imports: list }) =>
    list
      .filter(({ from, names }) => !from.startsWith(".") && !isPure(from, names))
      .map(({ from }) => `${path}: ${from}`),
  );
  expect(impure).toEqual([]);
});

test("files are named after one idea", () => {
  const drawers = sources.filter(({ path }) => /(^|\/)(utils?|helpers?|common|misc|shared|types)(\/|\.ts$)/.test(path));
  expect(drawers.map(({ path }) => path)).toEqual([]);
});

function isPure(from: string, names: readonly string[]): boolean {
  if (PURE_PACKAGES.has(from)) return true;
  const pure = PURE_NODE_IMPORTS.get(from);
  return pure !== undefined && names.every((name) => pure.includes(name));
}
