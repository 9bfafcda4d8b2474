import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { classifyRefresh } from "../../src/provider/outcome.ts";
import { secret } from "../../src/runtime/secret.ts";
import { readBuiltInProviders } from "../../src/service/built-in-providers.ts";
import { httpAnswer } from "../oauth/http-answer.ts";
import { providerEntry } from "./entry.ts";

/** Answers of token endpoints that users reported in public, each with the id of its report, and what is made of it. */
const reported = z
  .array(
    z.strictObject({
      id: z.string(),
      /** Null: a server that the catalogue does not have. */
      provider: z.string().nullable(),
      status: z.int(),
      body: z.string(),
      outcome: z.enum(["rotated", "renewed", "rejected", "client_fault", "retry_later", "lost"]),
      cause: z.string().nullable(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL("reported-answers.json", import.meta.url), "utf8")));

const providers = new Map(readBuiltInProviders().map((provider) => [provider.id, provider]));

test.each(reported)("$id: HTTP $status $body is $outcome, $cause", ({ provider, status, body, outcome, cause }) => {
  const sent = { refreshToken: secret("R1"), at: Date.UTC(2026, 0, 1) };
  const entry = provider === null ? providerEntry() : providers.get(provider);
  if (!entry) throw new Error("There is no such entry.");
  const made = classifyRefresh({ kind: "response", response: httpAnswer(status, body) }, sent, entry);
  expect({ outcome: made.kind, cause: "cause" in made ? made.cause : null }).toEqual({ outcome, cause });
});
