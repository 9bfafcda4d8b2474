import type { RefreshTokenRecord } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import type { Life } from "./life.ts";
import { verdictOn, type Evidence } from "./verdict.ts";

const LOST: RefreshTokenRecord = {
  token: "t2",
  family: "f",
  user: "alice",
  issuedAt: 1050,
  usedAt: null,
  revokedAt: null,
  requests: [],
};

function request(arrivedAt: number, answeredAt: number | null) {
  return { arrivedAt, answeredAt };
}

/** Instance `a` claims at 1000 and sends; the server has the request at 1010, commits at 1050 and answers at 1100. */
function evidence(
  change: { a?: Partial<Life>; b?: Partial<Life>; requests?: RefreshTokenRecord["requests"] } = {},
): Evidence {
  const { requests = [request(1010, 1100)] } = change;
  const life = { killedAt: null, pauses: [] };
  const claim = { connectionId: "con", generation: 1 };
  return {
    family: [{ ...LOST, token: "t1", issuedAt: 0, usedAt: 1050, requests }, LOST],
    claims: [
      { ...claim, at: 500, owner: "old", generation: 0 },
      { ...claim, at: 1000, owner: "a" },
      { ...claim, at: 1200, owner: "b" },
    ],
    lives: [
      { ...life, instanceId: "a", ...change.a },
      { ...life, instanceId: "b", ...change.b },
    ],
  };
}

test.each([
  ["before the server acted", 1020, "before_commit", 0],
  ["before the answer", 1070, "before_answer", 0],
  ["right after the answer", 1130, "before_journal", 30],
])("a kill %s excuses the loss", (_when, killedAt, killed, answeredForMs) => {
  expect(verdictOn(LOST, evidence({ a: { killedAt } }))).toEqual({ kind: "unavoidable", killed, answeredForMs });
});

test.each([
  ["a process that lived", {}, "not killed"],
  ["the kill of another process", { b: { killedAt: 1020 } }, "a asked for it and was not killed"],
  ["a kill long after the answer", { a: { killedAt: 4000 } }, "had it for 2900 ms"],
  ["a pause", { a: { pauses: [{ from: 1020, to: 60_000 }] } }, "not killed"],
  ["a process nobody knows", { a: { instanceId: "x", killedAt: 1020 } }, "nobody had claimed"],
  ["a request that nobody knows of", { requests: [] }, "without a request"],
])("%s does not", (_what, change, why) => {
  expect(verdictOn(LOST, evidence(change))).toEqual({ kind: "ours", why: expect.stringContaining(why) });
});

test("what a process was paused for does not count as time it had", () => {
  const killed = { killedAt: 61_000, pauses: [{ from: 1050, to: 60_500 }] };
  expect(verdictOn(LOST, evidence({ a: killed }))).toMatchObject({ kind: "unavoidable", answeredForMs: 500 });
});

test("a request that the server saw late, with nobody waiting for it any more, is the killed process's", () => {
  const requests = [request(1300, null), request(1301, 1400)];
  expect(verdictOn(LOST, evidence({ a: { killedAt: 1020 }, requests }))).toMatchObject({ killed: "before_commit" });
  expect(verdictOn(LOST, evidence({ requests }))).toMatchObject({ kind: "ours" });
  const answered = [request(1300, 1350)];
  expect(verdictOn(LOST, evidence({ a: { killedAt: 1020 }, requests: answered }))).toMatchObject({ kind: "ours" });
});
