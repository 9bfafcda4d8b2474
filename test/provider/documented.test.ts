import { describe, expect, test } from "vitest";
import { classifyRefresh } from "../../src/provider/outcome.ts";
import { secret } from "../../src/runtime/secret.ts";
import { readBuiltInProviders } from "../../src/service/built-in-providers.ts";
import { httpAnswer } from "../oauth/http-answer.ts";
import { readDocumentedAnswers } from "./documented-answers.ts";

const documented = readDocumentedAnswers();
const providers = readBuiltInProviders();

test("every provider has a list of documented answers", () => {
  expect([...documented.keys()]).toEqual(providers.map(({ id }) => id).toSorted());
});

describe.each(providers.filter(({ id }) => documented.get(id)?.length !== 0))("$name", (provider) => {
  test.each(documented.get(provider.id) ?? [])("HTTP $status $body is $outcome: $cause", (answer) => {
    const response = httpAnswer(answer.status, answer.body, { headers: answer.headers });
    const sent = { refreshToken: secret("refresh-token-that-was-sent"), at: Date.UTC(2026, 0, 1) };
    const outcome = classifyRefresh({ kind: "response", response }, sent, provider);
    expect({ outcome: outcome.kind, cause: "cause" in outcome ? outcome.cause : null }).toEqual({
      outcome: answer.outcome,
      cause: answer.cause,
    });
  });
});
