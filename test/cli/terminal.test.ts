import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirm } from "../../src/cli/terminal/confirm.ts";
import { createOutput } from "../../src/cli/terminal/output.ts";
import { createPaint } from "../../src/cli/terminal/paint.ts";
import { printable } from "../../src/cli/terminal/printable.ts";
import { relativeTime } from "../../src/cli/terminal/relative-time.ts";
import { table } from "../../src/cli/terminal/table.ts";

const RED = "\u{1b}[31m";

describe("colours", () => {
  it("are for terminals only", () => {
    expect(createPaint({ isTTY: true }, {})("red", "no")).toContain(RED);
    expect(createPaint({ isTTY: false }, {})("red", "no")).toBe("no");
    expect(createPaint({}, {})("red", "no")).toBe("no");
  });

  it("are off when NO_COLOR is set to anything", () => {
    expect(createPaint({ isTTY: true }, { NO_COLOR: "1" })("red", "no")).toBe("no");
    expect(createPaint({ isTTY: true }, { NO_COLOR: "" })("red", "no")).toContain(RED);
  });

  it("do not disturb the columns", () => {
    const rows = [
      [{ text: "on", colour: "green" } as const, { text: "x" }],
      [{ text: "longer" }, { text: "y" }],
    ];
    expect(table(rows, createPaint({ isTTY: true }, {}))).toEqual(["\u{1b}[32mon\u{1b}[39m      x", "longer  y"]);
  });
});

describe("text from elsewhere", () => {
  it("cannot command the terminal", () => {
    expect(printable("a\u{1b}[31mb\u{9b}2Jc\u{202e}d")).toBe("a\u{fffd}[31mb\u{fffd}2Jc\u{fffd}d");
    expect(printable("Zoë 東京\nsecond")).toBe("Zoë 東京\nsecond");
    expect(table([[{ text: "one\ntwo\u{7}" }]])).toEqual(["one two\u{fffd}"]);
  });

  it("cannot do so in a failure either", () => {
    const written: string[] = [];
    const stream = { isTTY: false, write: (text: string) => written.push(text) > 0 };
    createOutput({ stdout: stream, stderr: stream, env: {} }, false).failure({}, ["a\u{1b}]0;b", "next"]);
    expect(written).toEqual(["a\u{fffd}]0;b\nnext\n"]);
  });
});

it.each([
  [0, "now"],
  [999, "now"],
  [1_000, "in 1 s"],
  [-59_999, "59 s ago"],
  [7 * 60_000, "in 7 min"],
  [-3 * 3_600_000, "3 h ago"],
  [47 * 3_600_000, "in 47 h"],
  [-48 * 3_600_000, "2 d ago"],
])("a time %d ms away is %s", (distance, text) => {
  const now = Date.UTC(2026, 0, 1);
  expect(relativeTime(new Date(now + distance).toISOString(), now)).toBe(text);
});

describe("a question", () => {
  it.each([
    ["y\n", true],
    [" YES \n", true],
    ["n\n", false],
    ["\n", false],
    ["yesterday\n", false],
  ])("answered with %j is %s", async (answer, meaning) => {
    const input = new PassThrough();
    const output = new PassThrough();
    const asked = confirm("Really?", { input, output });
    input.write(answer);
    expect(await asked).toBe(meaning);
    expect(String(output.read())).toBe("Really? [y/N] ");
  });

  it.each(["\u{3}", "\u{4}"])("on a terminal answered with the key %j is no", async (key) => {
    const input = new PassThrough();
    const asked = confirm("Really?", { input, output: Object.assign(new PassThrough(), { isTTY: true }) });
    input.write(key);
    expect(await asked).toBe(false);
  });

  it("that nobody answers is no", async () => {
    const input = new PassThrough();
    input.end();
    expect(await confirm("Really?", { input, output: new PassThrough() })).toBe(false);
  });
});
