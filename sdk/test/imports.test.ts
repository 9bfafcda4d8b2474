import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SDK = new URL("../", import.meta.url);

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly exports: Record<string, { readonly types: string; readonly default: string }>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional: boolean }>;
}

const manifest: Manifest = JSON.parse(readFileSync(new URL("package.json", SDK), "utf8"));

/** What each entry needs of others: to run, and to be compiled against. */
const NEEDS: Readonly<Record<string, { readonly run: string[]; readonly types: string[] }>> = {
  ".": { run: [], types: [] },
  "./google": { run: ["google-auth-library"], types: ["google-auth-library"] },
  "./microsoft": { run: [], types: [] },
  "./octokit": { run: [], types: [] },
  "./slack": { run: [], types: ["@slack/web-api"] },
  "./axios": { run: ["axios"], types: ["axios"] },
  "./fetch": { run: [], types: [] },
  "./opentelemetry": { run: ["@opentelemetry/api"], types: ["@opentelemetry/api"] },
};

/** The packages that a built file leads to, over the files of the SDK. */
function packagesFrom(path: string, seen = new Set<string>()): Set<string> {
  const url = new URL(path, SDK);
  if (seen.has(url.href)) return new Set();
  seen.add(url.href);
  const code = readFileSync(url, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const packages = new Set<string>();
  for (const [, from = ""] of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)) {
    if (!from.startsWith(".")) packages.add(from);
    else for (const each of packagesFrom(built(new URL(from, url), path), seen)) packages.add(each);
  }
  return packages;
}

/** A declaration names the code of another file, whose declaration stands beside it. */
function built(url: URL, importer: string): string {
  const declared = importer.endsWith(".d.ts");
  const path = declared ? url.href.replace(/(\.d)?\.[tj]s$/, ".d.ts") : url.href;
  if (!existsSync(fileURLToPath(path))) throw new Error(`${path} is not built.`);
  return path;
}

test("every entry is known here", () => {
  expect(Object.keys(manifest.exports)).toEqual(Object.keys(NEEDS));
});

test.each(Object.entries(manifest.exports))(
  "the entry %s loads what it needs, and no other package",
  (entry, files) => {
    expect([...packagesFrom(files.default)]).toEqual(NEEDS[entry]?.run);
    expect([...packagesFrom(files.types)]).toEqual(NEEDS[entry]?.types);
  },
);

test("whatever an entry needs is an optional peer, and nothing is a dependency", () => {
  const needed = new Set(Object.values(NEEDS).flatMap(({ run, types }) => [...run, ...types]));
  const optional = Object.keys(manifest.peerDependencies).filter(
    (name) => manifest.peerDependenciesMeta[name]?.optional,
  );
  expect(manifest.dependencies).toBeUndefined();
  expect(optional).toEqual(Object.keys(manifest.peerDependencies));
  expect([...needed].filter((name) => !optional.includes(name))).toEqual([]);
});
