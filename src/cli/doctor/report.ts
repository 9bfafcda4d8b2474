import { EXIT } from "../exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { printable } from "../terminal/printable.ts";
import type { Finding } from "./finding.ts";

const MARKS: Readonly<Record<Finding["kind"], { mark: string; colour: Colour }>> = {
  fine: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  wrong: { mark: "✗", colour: "red" },
};

/** Prints the findings and returns the exit code: that of the first that is wrong. */
export function report(output: Output, findings: readonly Finding[]): number {
  const first = findings.find((finding) => finding.kind === "wrong");
  const code = first === undefined ? EXIT.ok : EXIT[first.exit];
  output.result({ ok: first === undefined, findings }, () => text(findings, output.paint));
  return code;
}

function text(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap((finding) => lines(finding, width, paint)).join("\n");
}

function lines(finding: Finding, width: number, paint: Paint): string[] {
  const { mark, colour } = MARKS[finding.kind];
  const line = `${paint(colour, mark)} ${finding.check.padEnd(width)}  ${printable(finding.found)}`;
  return "next" in finding ? [line, `${" ".repeat(width + 4)}→ ${printable(finding.next)}`] : [line];
}
