import { createHmac } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import { historyOf, openEventStage, RISC, type EventStage } from "./event-stage.ts";

const DISABLED = `${RISC}/account-disabled`;

async function open() {
  const stage = await openEventStage();
  const { connectionId } = await stage.connect("alice");
  const events = { [DISABLED]: { subject: await stage.account(connectionId), reason: "hijacking" } };
  return { ...stage, connectionId, events };
}

/** Nothing was written down, and nothing was done. */
async function expectUntouched(stage: EventStage, connectionId: string): Promise<void> {
  expect(await stage.last()).toBeUndefined();
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 1, refresh_state: "ok" });
}

function refusal(err: string) {
  return { status: 400, body: { err, description: expect.stringMatching(/^[A-Z].*\.$/) } };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

describe("a token is refused (RFC 8935 §2.3), and does nothing,", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["for another audience", { aud: "somebody-else" }, "invalid_audience"],
    ["for nobody", { aud: undefined }, "invalid_audience"],
    ["from another issuer", { iss: "https://issuer.example" }, "invalid_issuer"],
    ["from nobody", { iss: undefined }, "invalid_issuer"],
    ["without an id", { jti: undefined }, "invalid_request"],
    ["with an id that is too long", { jti: "x".repeat(301) }, "invalid_request"],
    ["without a time", { iat: undefined }, "invalid_request"],
    ["without events", { events: undefined }, "invalid_request"],
    ["with events that are none", { events: {} }, "invalid_request"],
    ["with events in a list", { events: [DISABLED] }, "invalid_request"],
  ])("%s", async (_name, over, err) => {
    const stage = await open();
    expect(await stage.send(stage.events, over)).toMatchObject(refusal(err));
    await expectUntouched(stage, stage.connectionId);
  });

  test("from the future, and older than ids are remembered", async () => {
    const stage = await open();
    const iat = (offset: number) => Math.floor((stage.clock.now() + offset) / 1000);
    for (const offset of [10 * MINUTE, -30 * DAY - 2000]) {
      const refused = await stage.send(stage.events, { iat: iat(offset) });
      expect([offset, refused]).toMatchObject([offset, refusal("invalid_request")]);
    }
    await expectUntouched(stage, stage.connectionId);
    for (const offset of [MINUTE, -29 * DAY]) {
      expect(await stage.send(stage.events, { iat: iat(offset) })).toMatchObject({ status: 202 });
    }
  });

  test("signed with `none`, with nothing, or with the public key as a secret", async () => {
    const stage = await open();
    const claims = stage.claims(stage.events);
    const [key = {}] = stage.transmitter.published;
    const header = { typ: "secevent+jwt", kid: key.kid };
    const none = `${encode({ ...header, alg: "none" })}.${encode(claims)}.`;
    const unsigned = `${encode({ ...header, alg: "RS256" })}.${encode(claims)}.`;
    const hs256 = (secret: string) => {
      const signed = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
      return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
    };
    const publicKey = await importJWK({ ...key, ext: true }, "RS256");
    if (publicKey instanceof Uint8Array) throw new Error("A public key is no secret.");
    expect(await stage.push(none)).toMatchObject(refusal("invalid_key"));
    expect(await stage.push(unsigned)).toMatchObject(refusal("authentication_failed"));
    expect(await stage.push(hs256(await exportSPKI(publicKey)))).toMatchObject(refusal("invalid_key"));
    expect(await stage.push(hs256(JSON.stringify(key)))).toMatchObject(refusal("invalid_key"));
    await expectUntouched(stage, stage.connectionId);
  });

  test("signed with a key that the issuer does not publish, or that brings its own", async () => {
    const stage = await open();
    const [published = {}] = stage.transmitter.published;
    const other = await otherKey();
    const sign = (header: Record<string, unknown>) =>
      new SignJWT(stage.claims(stage.events))
        .setProtectedHeader({ alg: "RS256", typ: "secevent+jwt", ...header })
        .sign(other.privateKey);
    expect(await stage.push(await sign({ kid: "another" }))).toMatchObject(refusal("invalid_key"));
    expect(await stage.push(await sign({ kid: published.kid }))).toMatchObject(refusal("authentication_failed"));
    expect(await stage.push(await sign({ kid: published.kid, jwk: other.jwk }))).toMatchObject(
      refusal("authentication_failed"),
    );
    expect(await stage.push(await sign({ kid: "x", jku: "https://evil.example/keys" }))).toMatchObject(
      refusal("invalid_key"),
    );
    await expectUntouched(stage, stage.connectionId);
  });

  test("changed after it was signed", async () => {
    const stage = await open();
    const [header, , signature] = (await stage.transmitter.sign(stage.claims(stage.events))).split(".");
    const other = encode(stage.claims(stage.events, { jti: "another" }));
    expect(await stage.push(`${header}.${other}.${signature}`)).toMatchObject(refusal("authentication_failed"));
  });

  test("of another kind: an ID token, and a JWT that does not say what it is", async () => {
    const stage = await open();
    for (const typ of ["JWT", undefined, "logout+jwt"]) {
      const token = await stage.transmitter.sign(stage.claims(stage.events), { typ });
      expect([typ, await stage.push(token)]).toMatchObject([typ, refusal("invalid_request")]);
    }
    await expectUntouched(stage, stage.connectionId);
  });

  test("that does not say what it is, unless its issuer is known to leave that out, and then it has events", async () => {
    const stage = await openEventStage({}, { plain_jwt: true });
    const { connectionId } = await stage.connect("alice");
    const events = { [DISABLED]: { subject: await stage.account(connectionId) } };
    for (const typ of ["JWT", undefined]) {
      const token = await stage.transmitter.sign(stage.claims(events), { typ });
      expect([typ, await stage.push(token)]).toMatchObject([typ, { status: 202 }]);
    }
    const idToken = { events: undefined, sub: "alice", exp: Math.floor(stage.clock.now() / 1000) + 300 };
    const signed = await stage.transmitter.sign(stage.claims({}, idToken), { typ: "JWT" });
    expect(await stage.push(signed)).toMatchObject(refusal("invalid_request"));
    const logout = await stage.transmitter.sign(stage.claims(events), { typ: "logout+jwt" });
    expect(await stage.push(logout)).toMatchObject(refusal("invalid_request"));
  });

  test("that is none, too large, or sent as something else", async () => {
    const stage = await open();
    const token = await stage.transmitter.sign(stage.claims(stage.events));
    for (const body of ["", "x", "a.b", "a.b.c", `${token}.x`, JSON.stringify({ token }), "é.é.é"]) {
      expect([body, await stage.push(body)]).toMatchObject([body, refusal("invalid_request")]);
    }
    const large = await stage.transmitter.sign(stage.claims({ [DISABLED]: { pad: "x".repeat(70_000) } }));
    expect(await stage.push(large)).toMatchObject(refusal("invalid_request"));
    for (const type of ["application/json", "application/jwt", "text/plain", "application/x-www-form-urlencoded"]) {
      expect([type, await stage.push(token, type)]).toMatchObject([type, refusal("invalid_request")]);
    }
    await expectUntouched(stage, stage.connectionId);
  });
});

/** A key of somebody else, with its public half. */
async function otherKey() {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { privateKey, jwk: await exportJWK(publicKey) };
}

describe("a token that is right", () => {
  test("is taken once, however often it comes", async () => {
    const stage = await open();
    const token = await stage.transmitter.sign(stage.claims(stage.events));
    for (let n = 0; n < 3; n++) expect(await stage.push(token)).toEqual({ status: 202, text: "", body: null });
    const told = (await historyOf(stage, stage.connectionId)).filter(
      (entry) => Reflect.get(entry ?? {}, "kind") === "security_event",
    );
    expect(told).toHaveLength(1);
    const { body } = await stage.api("GET", "/v1/security-events");
    expect(Reflect.get(body ?? {}, "security_events")).toHaveLength(1);
  });

  test("may tell of several things, for several clients, and of types that nobody knows", async () => {
    const stage = await open();
    const events = { ...stage.events, "https://schemas.example/unheard-of": {} };
    expect(await stage.send(events, { aud: ["another", "evergrant"] })).toMatchObject({ status: 202 });
    const { body } = await stage.api("GET", "/v1/security-events");
    expect(Reflect.get(body ?? {}, "security_events")).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: "risc.account_disabled", verdict: "applied", connections: 1 }),
        expect.objectContaining({
          type: "https://schemas.example/unheard-of",
          verdict: "unknown_type",
          connections: 0,
        }),
      ]),
    );
  });

  test("about somebody whom nobody knows changes nothing", async () => {
    const stage = await open();
    const strange = { subject_type: "iss-sub", iss: stage.transmitter.origin, sub: "nobody" };
    const foreign = { ...(await stage.account(stage.connectionId)), iss: "https://issuer.example" };
    for (const subject of [strange, foreign, null, "alice", [], { subject_type: "phone", phone: "+1" }]) {
      expect(await stage.send({ [DISABLED]: { subject } })).toMatchObject({ status: 202 });
      expect(await stage.last()).toMatchObject({ verdict: "unknown_subject", connections: 0 });
    }
    expect((await stage.token(stage.connectionId)).body).toMatchObject({ generation: 1, refresh_state: "ok" });
  });
});

describe("the issuer's keys", () => {
  test("are read when they are needed, and again for a key that is not among them, at most once a minute", async () => {
    const stage = await open();
    const { transmitter } = stage;
    expect(transmitter.asked.keys).toBe(0);
    await stage.send(stage.events);
    await stage.send(stage.events);
    expect(transmitter.asked.keys).toBe(1);
    await transmitter.changeKey();
    expect(await stage.send(stage.events)).toMatchObject(refusal("invalid_key"));
    expect(transmitter.asked.keys).toBe(1);
    await stage.clock.advance(MINUTE);
    expect(await stage.send(stage.events)).toMatchObject({ status: 202 });
    expect(transmitter.asked.keys).toBe(2);
    for (let n = 0; n < 5; n++) {
      await stage.push(await transmitter.sign(stage.claims(stage.events), { kid: `unheard-of-${n}` }));
    }
    expect(transmitter.asked.keys).toBe(2);
  });

  test("that cannot be read make the provider send again, and are not asked for by everybody who sends", async () => {
    const stage = await open();
    stage.transmitter.isDown = true;
    for (let n = 0; n < 3; n++) {
      expect(await stage.send(stage.events)).toMatchObject({ status: 503, body: { code: "provider_unavailable" } });
    }
    stage.transmitter.isDown = false;
    expect(await stage.send(stage.events)).toMatchObject({ status: 503 });
    await stage.clock.advance(10_000);
    expect(await stage.send(stage.events)).toMatchObject({ status: 202 });
  });

  test("are not those that somebody else's configuration names", async () => {
    const stage = await open();
    stage.transmitter.configuration = { issuer: "https://issuer.example" };
    expect(await stage.send(stage.events)).toMatchObject({ status: 503 });
    expect(stage.transmitter.asked.keys).toBe(0);
  });
});

describe("a client", () => {
  test("may say whose tokens it takes, and whom they are for", async () => {
    const stage = await openEventStage({}, { issuer: null });
    const { connectionId } = await stage.connect("alice");
    const events = { [DISABLED]: { subject: await stage.account(connectionId) } };
    expect(await stage.send(events)).toMatchObject({ status: 404 });
    const path = `/v1/clients/${stage.clientId}/security-events`;
    const { origin } = stage.transmitter;
    const changed = await stage.api("PUT", path, { issuer: origin, audience: ["project-1"] });
    expect(changed.body).toMatchObject({ issuer: origin, audience: ["project-1"] });
    expect(await stage.send(events)).toMatchObject(refusal("invalid_audience"));
    expect(await stage.send(events, { aud: "project-1" })).toMatchObject({ status: 202 });
    expect(await stage.last()).toMatchObject({ verdict: "applied" });
  });

  test("that nobody has is answered as one that takes no events", async () => {
    const stage = await openEventStage({}, { issuer: null });
    const post = async (id: string) => {
      const headers = { "content-type": "application/secevent+jwt", connection: "close" };
      const response = await fetch(`${stage.service.url}/security-events/${id}`, {
        method: "POST",
        headers,
        body: "a.b.c",
      });
      return [response.status, await response.text()];
    };
    expect(await post(`cli_${"0".repeat(26)}`)).toEqual(await post(stage.clientId));
  });
});

test("nothing of a token stands in the log or in the inbox", async () => {
  const stage = await open();
  const canary = "canary-in-a-token-1";
  const events = {
    [DISABLED]: { subject: { ...(await stage.account(stage.connectionId)), note: canary }, reason: canary },
  };
  const token = await stage.transmitter.sign(stage.claims(events));
  await stage.push(token);
  await stage.push(`${token}x`);
  const inbox = await stage.api("GET", "/v1/security-events");
  expect(inbox.text).toContain("risc.account_disabled");
  const said = [stage.log.join(""), inbox.text].join("");
  expect(said).not.toContain(canary);
  for (const part of token.split(".")) expect(said).not.toContain(part);
});
