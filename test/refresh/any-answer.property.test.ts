import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Provider } from "../../src/provider/provider.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import { readBuiltInProviders } from "../../src/service/built-in-providers.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";

/** How many answers; `npm run prove:answers` asks for a million. */
const ANSWERS = Number(process.env["ANSWERS"] ?? 1000);

/** So many in one world, whose database and journal keep what they are given. */
const ROUND = 10_000;
const ROUNDS = Math.ceil(ANSWERS / ROUND);

vi.setConfig({ testTimeout: Math.max(60_000, Math.min(ANSWERS, ROUND) * 60) });

/** What makes every server's answer a rejection (RFC 6749 §5.2, OIDC Core §3.1.2.6). */
const REJECTIONS = [
  "refresh_token_reused",
  "invalid_grant",
  "interaction_required",
  "login_required",
  "consent_required",
];

const providers = readBuiltInProviders();

const words = [
  ...REJECTIONS,
  "invalid_client",
  "invalid_request",
  "temporarily_unavailable",
  "server_error",
  "access_denied",
  "slow_down",
  ...providers.flatMap(({ failure_rules: rules }) =>
    rules.flatMap(({ match }) => [...(match.code ?? []), ...(match.subcode ?? []), ...(match.text ?? [])]),
  ),
];

const word = fc.oneof(fc.constantFrom(...words), fc.string());
const token = fc.oneof(fc.constant(null), fc.constant(""), fc.string({ minLength: 1 }), fc.jsonValue());
const lifetime = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null));
const fields = fc.record(
  {
    access_token: token,
    refresh_token: token,
    expires_in: lifetime,
    expires_at: lifetime,
    refresh_token_expires_in: lifetime,
    issued_at: lifetime,
    scope: fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(null)),
    token_type: fc.oneof(fc.string(), fc.constant("Bearer")),
    error: fc.oneof(word, fc.record({ code: word, message: word }, { requiredKeys: [] }), fc.jsonValue()),
    error_description: word,
    error_codes: fc.array(fc.oneof(word, fc.integer())),
    errors: fc.array(fc.record({ code: word, errorType: word, detail: word }, { requiredKeys: [] })),
    status: fc.oneof(word, fc.integer()),
    message: word,
    ok: fc.boolean(),
    data: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const json = fields.map((body) => JSON.stringify(body));
const text = fc.oneof(
  { weight: 6, arbitrary: json },
  { weight: 1, arbitrary: fc.tuple(json, fc.nat()).map(([body, at]) => body.slice(0, at % (body.length + 1))) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string().map((title) => `<html><title>${title}</title></html>`) },
);
const bytes = fc.oneof(
  { weight: 9, arbitrary: text.map((body) => new TextEncoder().encode(body)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2000 }) },
);
const headers = fc.dictionary(
  fc.constantFrom("date", "content-type", "www-authenticate", "x-request-id", "location"),
  fc.oneof(fc.string(), fc.constantFrom("Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 01 Jan 1990 00:00:00 GMT", "text/html")),
);
const answer = fc.record({
  status: fc.oneof(fc.constantFrom(200, 200, 400, 401, 403, 429, 500, 503), fc.integer({ min: 200, max: 599 })),
  headers,
  body: bytes,
  retryAfterMs: fc.option(fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER))),
});

/** The connection goes on as one of the provider's, whose authorization server answers what a test says. */
async function become(stage: EngineStage, { dialects, failure_rules, answer_fields }: Provider): Promise<void> {
  const own = await stage.catalogue.find("provider");
  if (!own) throw new Error("The stage has no provider.");
  await stage.catalogue.put({ ...own, dialects, failure_rules, answer_fields });
}

/** Could anybody take the answer for a rejection? One of its words has to be there, and the server not be in trouble. */
function mayReject({ failure_rules: rules }: Provider, status: number, body: Uint8Array): boolean {
  const said = JSON.stringify(new TextDecoder().decode(body)).toLowerCase();
  const rejecting = rules.filter(({ outcome }) => outcome === "rejected").map(({ match }) => match);
  const byStatus = rejecting.some((match) => match.status?.includes(status) ?? false);
  if (byStatus) return true;
  const named = [
    ...REJECTIONS,
    ...rejecting.flatMap(({ code = [], subcode = [], text: part = [] }) => [...code, ...subcode, ...part]),
  ];
  return (
    status !== 429 && status < 500 && named.some((one) => said.includes(JSON.stringify(one).slice(1, -1).toLowerCase()))
  );
}

const title =
  "whatever a token endpoint answers, the refresh ends, a refresh token stays, and only a rejection condemns";

test.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(`${title} (round %d)`, async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  let id = await stage.connect();
  const property = fc.asyncProperty(fc.constantFrom(...providers), answer, async (provider, response) => {
    await become(stage, provider);
    const before = await stage.tokensOf(id);
    stage.server.always(() => ({ kind: "response", response }));
    const result = await stage.passing(MINUTE, stage.refresh(id));
    const after = await stage.tokensOf(id);
    const { connection } = await stage.held(id);
    const isOver = connection.status === "reauthorization_required";
    expect(isOver && !mayReject(provider, response.status, response.body)).toBe(false);
    expect(isOver).toBe(result.kind === "ended");
    expect(after.refreshToken).toBeDefined();
    expect(after.generation === before.generation ? after : before).toEqual(before);
    if (isOver) id = await stage.connect();
    // Longer than any wait that a server may ask for.
    await stage.clock.leap(DAY + MINUTE);
  });
  await fc.assert(property, { numRuns: Math.min(ANSWERS, ROUND) });
});
