import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the examples take for given. */
const GIVEN =
  'import type { Connection } from "@evergrant/sdk";\ndeclare global {\n  const connection: Connection;\n}\n';

test("every example in the README compiles against the SDK and the clients as they are", () => {
  const examples = [...readFileSync(`${ROOT}sdk/README.md`, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)];
  expect(examples.length).toBeGreaterThan(15);
  mkdirSync(`${ROOT}build`, { recursive: true });
  const folder = mkdtempSync(`${ROOT}build/readme-`);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/given.d.ts`, GIVEN);
  for (const [index, [, code]] of examples.entries())
    writeFileSync(`${folder}/example-${index}.ts`, `${code}export {};\n`);
  const compilerOptions = {
    noEmit: true,
    composite: false,
    noPropertyAccessFromIndexSignature: false,
    noUnusedLocals: false,
  };
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions, include: ["*.ts"] }),
  );
  const tsc = spawnSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", folder], {
    encoding: "utf8",
  });
  expect(tsc.stdout).toBe("");
  expect(tsc.status).toBe(0);
}, 60_000);
