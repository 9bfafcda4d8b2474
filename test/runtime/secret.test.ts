import { Console } from "node:console";
import { Writable } from "node:stream";
import { format, inspect } from "node:util";
import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { secret } from "../../src/runtime/secret.ts";

const VALUE = "rt-5f3c-never-to-be-seen";
const held = secret(VALUE);
const nested = { list: [{ token: held }], map: new Map([["token", held]]), set: new Set([held]) };
const BYTES = Buffer.from(VALUE);

/** What a console writes for these arguments. */
function printed(...values: unknown[]): string {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  new Console({ stdout: stream }).log(...values);
  return text;
}

test("reveal gives the value back", () => {
  expect(held.reveal()).toBe(VALUE);
  expect(secret(BYTES).reveal()).toBe(BYTES);
});

describe("a secret prints as [secret]", () => {
  test.each([
    ["String()", String(held)],
    ["a template", String.raw`${held}`],
    ["concatenation", "".concat(...[held].map(String))],
    ["join", [held].join(",")],
    ["an object key", Object.keys({ [String(held)]: 1 }).join("")],
    ["util.inspect", inspect(held)],
    ["util.inspect with hidden properties", inspect(held, { showHidden: true, getters: true, showProxy: true })],
    ["%s", format("%s", held)],
    ["%o", format("%o", held)],
    ["%O", format("%O", held)],
  ])("under %s", (_way, text) => {
    expect(text).toBe("[secret]");
  });

  test.each([
    ["alone", JSON.stringify(held), '"[secret]"'],
    ["in an array", JSON.stringify([held]), '["[secret]"]'],
    ["deep inside", JSON.stringify({ a: { b: [held] } }), '{"a":{"b":["[secret]"]}}'],
    ["under %j", format("%j", { token: held }), '{"token":"[secret]"}'],
  ])("in JSON %s", (_way, text, expected) => {
    expect(text).toBe(expected);
  });

  test.each([
    ["util.inspect", inspect(nested, { depth: null })],
    ["util.inspect with hidden properties", inspect(nested, { depth: null, showHidden: true, getters: true })],
    ["console.log", printed(nested)],
    ["console.log with %o", printed("%o", nested)],
    ["console.log with %O", printed("%O", nested)],
  ])("where it is nested, under %s", (_way, text) => {
    expect(text).not.toContain(VALUE);
    expect(text.match(/\[secret\]/g)).toHaveLength(3);
  });

  test("as the cause of an error, and as a property of one", () => {
    const error = Object.assign(new Error("refused", { cause: held }), { token: held });
    const outer = new Error("failed", { cause: error });
    for (const text of [inspect(outer, { depth: null, showHidden: true }), printed(outer), printed("%o", outer)]) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain(VALUE);
    }
  });

  test("when it holds bytes", () => {
    const text = inspect({ key: secret(BYTES) }, { showHidden: true }) + JSON.stringify({ key: secret(BYTES) });
    expect(text).toBe(`{ key: [secret] }{"key":"[secret]"}`);
  });
});

describe("a secret cannot be read without reveal", () => {
  test("even where the inspection of a class is overruled", () => {
    expect(inspect(held, { customInspect: false, showHidden: true, depth: null })).not.toContain(VALUE);
  });

  test("a structured clone is empty", () => {
    expect(structuredClone(held)).toEqual({});
    expect(inspect(structuredClone({ held }), { showHidden: true })).not.toContain(VALUE);
  });

  test("nothing of it is serialised", () => {
    const bytes = serialize({ held });
    expect(bytes.includes(VALUE)).toBe(false);
    expect(deserialize(bytes)).toEqual({ held: {} });
  });

  test("it has no own properties to list, spread or assign", () => {
    expect(Reflect.ownKeys(held)).toEqual([]);
    expect(Object.assign({}, held)).toEqual({});
  });
});
