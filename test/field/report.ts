import { basename } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { IDS, LATER } from "./ids.ts";

/** Prints each failure that users reported, its category, the file of its test and the result: `npm run field-failures`. */
export default class FieldReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const results = new Map(modules.flatMap(testsOf));
    const tested = Object.entries(IDS).flatMap(([category, ids]) =>
      ids.map((id) => [id, category, ...(results.get(id) ?? ["", "missing"])]),
    );
    const later = Object.entries(LATER).flatMap(([category, reasons]) =>
      Object.entries(reasons).map(([id, reason]) => [id, category, "", `later: ${reason}`]),
    );
    const rows = [["ID", "CATEGORY", "TEST", "RESULT"], ...tested, ...later];
    process.stdout.write(`${aligned(rows).join("\n")}\n`);
    const passed = tested.filter(([, , , result]) => result === "passed").length;
    process.stdout.write(`\n${passed} of ${tested.length + later.length} pass, ${later.length} have no test yet.\n`);
  }
}

/** Every test of a module by the id that its title begins with. */
function testsOf(module: TestModule): [string, [string, string]][] {
  const cases: TestCase[] = [...module.children.allTests()];
  return cases.map((test) => [test.name.split(":")[0] ?? "", [basename(module.moduleId), test.result().state]]);
}

function aligned(rows: readonly string[][]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
