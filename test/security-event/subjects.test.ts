import { describe, expect, test } from "vitest";
import { digestOf, historyOf, OAUTH, openEventStage, refreshTokenOf, RISC, type EventStage } from "./event-stage.ts";

const DISABLED = `${RISC}/account-disabled`;

async function open() {
  const stage = await openEventStage();
  const { connectionId } = await stage.connect("alice");
  return { ...stage, connectionId };
}

describe("an event", () => {
  test.each<[string, (stage: EventStage, id: string) => Promise<Record<string, unknown>>]>([
    [
      "iss_sub, in the event",
      async (stage, id) => ({ subject: { ...(await stage.account(id)), subject_type: undefined, format: "iss_sub" } }),
    ],
    [
      "the provider's own issuer",
      async (stage, id) => ({ subject: { ...(await stage.account(id)), iss: stage.sandbox.url } }),
    ],
    [
      "id_token_claims",
      async (stage, id) => ({
        subject: { ...(await stage.account(id)), subject_type: "id_token_claims", email: "x@example.com" },
      }),
    ],
    [
      "aliases",
      async (stage, id) => ({
        subject: {
          format: "aliases",
          identifiers: [
            { format: "email", email: "x@example.com" },
            { ...(await stage.account(id)), format: "iss_sub" },
          ],
        },
      }),
    ],
    [
      "the user of a complex subject",
      async (stage, id) => ({
        subject: {
          format: "complex",
          session: { format: "opaque", id: "s" },
          user: { ...(await stage.account(id)), format: "iss_sub" },
        },
      }),
    ],
  ])("finds the account by %s", async (_name, about) => {
    const stage = await open();
    await stage.connect("bob");
    expect(await stage.send({ [DISABLED]: await about(stage, stage.connectionId) })).toMatchObject({ status: 202 });
    expect(await stage.last()).toMatchObject({ verdict: "applied", connections: 1 });
    expect(JSON.stringify(await historyOf(stage, stage.connectionId))).toContain("security_event");
  });

  test("finds the account by an e-mail address, however it is written", async () => {
    const stage = await open();
    const adopted = await stage.api("POST", "/v1/connections/import", {
      client: stage.clientId,
      token_set: { refresh_token: "rt-of-ada", access_token: "at-of-ada", expires_in: 3600 },
      account: { id: "ada", label: "Ada@example.com" },
    });
    const subjects = [
      { subject_type: "id_token_claims", email: "ada@example.com" },
      { format: "email", email: "ADA@EXAMPLE.COM" },
      { format: "account", uri: "acct:ada@example.com" },
    ];
    for (const subject of subjects) {
      expect(await stage.send({ [`${RISC}/identifier-changed`]: { subject } })).toMatchObject({ status: 202 });
      expect(await stage.last()).toMatchObject({ verdict: "applied", connections: 1 });
    }
    const told = await historyOf(stage, adopted.at("id"));
    expect(told.filter((entry) => Reflect.get(entry ?? {}, "kind") === "security_event")).toHaveLength(3);
  });

  test("finds the account by the subject of the whole token (RFC 9493 §4.1)", async () => {
    const stage = await open();
    const sub_id = { ...(await stage.account(stage.connectionId)), format: "iss_sub" };
    expect(await stage.send({ [DISABLED]: {} }, { sub_id })).toMatchObject({ status: 202 });
    expect(await stage.last()).toMatchObject({ verdict: "applied", connections: 1 });
  });

  test.each<[string, (token: string) => Record<string, unknown>, number]>([
    ["its digest", (token) => ({ token_identifier_alg: "hash_base64_sha512_sha512", token: digestOf(token) }), 1],
    [
      "its digest as in a URL",
      (token) => ({
        token_identifier_alg: "hash_base64_sha512_sha512",
        token: Buffer.from(digestOf(token), "base64").toString("base64url"),
      }),
      1,
    ],
    ["its first characters", (token) => ({ token_identifier_alg: "prefix", token: token.slice(0, 16) }), 1],
    ["more characters than are named", (token) => ({ token_identifier_alg: "prefix", token: token.slice(0, 17) }), 0],
    [
      "another digest",
      (token) => ({ token_identifier_alg: "hash_base64_sha512_sha512", token: digestOf(`${token}x`) }),
      0,
    ],
    ["another way", (token) => ({ token_identifier_alg: "plain", token }), 0],
  ])("finds the connection of a refresh token by %s: %#", async (_name, mark, connections) => {
    const stage = await open();
    await stage.connect("bob");
    const token = refreshTokenOf(stage, "alice");
    const subject = { subject_type: "oauth_token", token_type: "refresh_token", ...mark(token) };
    expect(await stage.send({ [`${OAUTH}/token-revoked`]: { subject } })).toMatchObject({ status: 202 });
    expect(await stage.last()).toMatchObject({
      verdict: connections === 0 ? "unknown_subject" : "applied",
      connections,
    });
  });

  test("finds the successor of a refresh token, and not the one that it replaced", async () => {
    const stage = await open();
    const before = refreshTokenOf(stage, "alice");
    await stage.api("POST", `/v1/connections/${stage.connectionId}/refresh`);
    const after = refreshTokenOf(stage, "alice");
    expect(after).not.toBe(before);
    for (const [token, connections] of [
      [before, 0],
      [after, 1],
    ] as const) {
      const mark = { token_type: "refresh_token", token_identifier_alg: "prefix", token: token.slice(0, 16) };
      await stage.send({ [`${OAUTH}/token-revoked`]: { subject: { subject_type: "oauth_token", ...mark } } });
      expect(await stage.last()).toMatchObject({ connections });
    }
  });
});
