import { expect, test } from "vitest";
import { EVENT_TYPES, eventTypeOf, holdOf } from "../../src/event/event.ts";
import { MINUTE } from "../../src/runtime/clock.ts";

const reauthorized = (was: string) => eventTypeOf({ kind: "reauthorized", detail: { was } });

test("a reauthorization of what was well is no recovery", () => {
  expect(reauthorized("active")).toBeNull();
  for (const was of ["degraded", "reauthorization_required", "disconnected"]) {
    expect(reauthorized(was)).toBe("connection.recovered");
  }
});

test("a reauthorization that leaves something to be wished is none either", () => {
  const detail = { was: "degraded", cause: "scope_insufficient", missing: "files.write" };
  expect(eventTypeOf({ kind: "reauthorized", detail })).toBe("connection.degraded");
});

test("nobody hears of what happens every day", () => {
  expect(eventTypeOf({ kind: "refreshed", detail: {} })).toBeNull();
  expect(eventTypeOf({ kind: "rejection_held", detail: {} })).toBeNull();
});

test("only what may pass is held", () => {
  const held = EVENT_TYPES.filter((type) => holdOf(type) > 0);
  expect(held).toEqual(["connection.degraded", "connection.reauthorization_required"]);
  expect(held.map(holdOf)).toEqual([5 * MINUTE, MINUTE]);
});
