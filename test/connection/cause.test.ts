import { expect, test } from "vitest";
import { CAUSES, sentence, whoActs, type Cause, type WhoActs } from "../../src/connection/cause.ts";

function causesOf(who: WhoActs): Cause[] {
  return CAUSES.filter((cause) => whoActs(cause) === who);
}

test("only what passes by itself asks nobody to act, and only a lost consent asks the user", () => {
  expect(causesOf("nobody")).toEqual(["provider_unavailable", "provider_rate_limited"]);
  expect(causesOf("user")).toEqual(["unknown", "refresh_token_missing", "rotation_lost"]);
});

test("every cause that needs a user says that the user has to reconnect", () => {
  const users = causesOf("user").map(sentence);
  for (const text of users) expect(text).toContain("the user has to reconnect");
});

test("no two causes are explained with the same sentence, and each is one sentence", () => {
  const sentences = CAUSES.map(sentence);
  expect(new Set(sentences).size).toBe(CAUSES.length);
  for (const text of sentences) expect(text).toMatch(/^[A-Z][^.]+\.$/);
});

test("a lost rotation is not called a revocation", () => {
  expect(sentence("rotation_lost")).not.toMatch(/revoke/i);
});
