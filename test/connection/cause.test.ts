import { expect, test } from "vitest";
import {
  actorOf,
  CAUSES,
  sentence,
  sentenceForUser,
  whoActs,
  type Cause,
  type WhoActs,
} from "../../src/connection/cause.ts";

function causesOf(who: WhoActs): Cause[] {
  return CAUSES.filter((cause) => whoActs(cause) === who);
}

test("only what passes by itself asks nobody to act", () => {
  expect(causesOf("nobody")).toEqual(["provider_unavailable", "provider_rate_limited"]);
});

test("what the user can mend is explained to the user, and what the operator alone can mend is not", () => {
  expect(causesOf("user").filter((cause) => sentenceForUser(cause) === null)).toEqual([]);
  for (const cause of CAUSES.filter((one) => sentenceForUser(one) === null)) {
    expect(["operator", "nobody"]).toContain(whoActs(cause));
  }
});

test("nobody is told in the words of OAuth", () => {
  for (const cause of CAUSES)
    expect(sentenceForUser(cause) ?? "").not.toMatch(/\b(tokens?|clients?|grant|scopes?|OAuth|refresh)\b/i);
});

test("the evidence may know better who can help", () => {
  const diagnosis = { cause: "interaction_required", confidence: "certain", evidence: {} } as const;
  expect(actorOf(diagnosis)).toBe("user");
  expect(actorOf({ ...diagnosis, whoActs: "customer_admin" })).toBe("customer_admin");
});

test("no two causes are explained with the same sentence, and each is one sentence", () => {
  const sentences = CAUSES.map(sentence);
  expect(new Set(sentences).size).toBe(CAUSES.length);
  for (const text of sentences) expect(text).toMatch(/^[A-Z][^.]+\.$/);
});

test("a lost rotation is not called a revocation", () => {
  expect(sentence("rotation_lost")).not.toMatch(/revoke/i);
});
