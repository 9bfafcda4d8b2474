import { describe, expect, it } from "vitest";
import { createEvergrant } from "../src/index.ts";

const GOOD = { url: "http://127.0.0.1:4100", apiKey: "eg_1" };

describe("createEvergrant", () => {
  it.each([
    ["url", ""],
    ["url", "127.0.0.1:4100"],
    ["url", "ftp://127.0.0.1"],
    ["url", "http://secret@127.0.0.1"],
    ["url", "http://:secret@127.0.0.1"],
    ["url", "http://127.0.0.1/?secret"],
    ["url", "http://127.0.0.1/#secret"],
    ["apiKey", ""],
    ["apiKey", "secret with spaces"],
    ["apiKey", "secret\n"],
    ["apiKey", undefined],
    ["timeoutMs", 0],
    ["timeoutMs", 1.5],
    ["timeoutMs", 2 ** 31],
  ])("refuses the %s %j and does not repeat it", (option, value) => {
    const options = Object.assign({ ...GOOD }, { [option]: value });
    expect(() => createEvergrant(options)).toThrow(TypeError);
    expect(() => createEvergrant(options)).toThrow(`"${option}"`);
    expect(() => createEvergrant(options)).not.toThrow("secret");
  });

  it.each(["", ".", ".."])("refuses the connection id %j", (id) => {
    expect(() => createEvergrant(GOOD).connection(id)).toThrow(TypeError);
  });

  it("gives one connection per id", () => {
    const evergrant = createEvergrant(GOOD);
    expect(evergrant.connection("con_1")).toBe(evergrant.connection("con_1"));
    expect(evergrant.connection("con_1")).not.toBe(evergrant.connection("con_2"));
  });
});
