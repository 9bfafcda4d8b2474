import { request as send } from "node:http";
import { once } from "node:events";
import { UnsecuredJWT } from "jose";
import { expect, describe, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { serveTcp } from "../network/loopback.ts";
import { freePort } from "../stage/free-port.ts";
import { goOut, open, openSignInStage, signInAt } from "../stage/operator-browser.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** What came of an attempt: the status, whether a session was opened, and what the page says. */
async function outcome(callback: string, cookie = "") {
  const answer = await open(callback, cookie);
  const isIn = answer.headers.getSetCookie().some((set) => /evergrant_operator=ops_/.test(set));
  return { status: answer.status, isIn, text: await answer.text() };
}

/** Nobody is signed in, and the log says why. */
async function expectNobody(stage: Stage, reason: string): Promise<void> {
  expect((await stage.api("GET", "/v1/operator-sessions")).body).toMatchObject({ operator_sessions: [] });
  const told = stage.log.filter((line) => line.includes("operator.sign_in_failed"));
  expect(told.at(-1)).toContain(`"reason":"${reason}"`);
}

const changed = (callback: string, changes: Record<string, string>): string => {
  const url = new URL(callback);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
  return url.href;
};

describe("an answer of the issuer is of no use", () => {
  test("in a browser without the cookie, or with that of another attempt", async () => {
    const { stage, issuer } = await openSignInStage();
    const [mine, theirs] = [await goOut(stage), await goOut(stage)];
    expect(await outcome(theirs.callback)).toMatchObject({ status: 400, isIn: false });
    expect(await outcome(theirs.callback, mine.cookie)).toMatchObject({ status: 400, isIn: false });
    const name = theirs.cookie.split("=")[0];
    const renamed = `${name}=${mine.cookie.split("=")[1]}`;
    expect(await outcome(theirs.callback, renamed)).toMatchObject({ status: 400, isIn: false });
    expect(issuer.tokenRequests).toEqual([]);
    await expectNobody(stage, "foreign");
    expect(await outcome(theirs.callback, theirs.cookie)).toMatchObject({ status: 303, isIn: true });
  });

  test("with a state that is made up, doubled or missing", async () => {
    const { stage, issuer } = await openSignInStage();
    const { callback, cookie } = await goOut(stage);
    const state = new URL(callback).searchParams.get("state") ?? "";
    for (const wrong of [callback.replace(state, "x".repeat(43)), callback.replace(state, "")]) {
      expect(await outcome(wrong, cookie)).toMatchObject({ status: 400, isIn: false });
    }
    expect(await outcome(`${callback}&state=${state}`, cookie)).toMatchObject({ status: 400, isIn: false });
    expect(issuer.tokenRequests).toEqual([]);
  });

  test("a second time, also when both come at once", async () => {
    const { stage, issuer } = await openSignInStage();
    const { callback, cookie } = await goOut(stage);
    const both = await Promise.all([outcome(callback, cookie), outcome(callback, cookie)]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 400]);
    expect(await outcome(callback, cookie)).toMatchObject({ status: 400, isIn: false });
    expect(issuer.tokenRequests).toHaveLength(1);
  });

  test("after ten minutes, whatever time the cookie tells", async () => {
    const { stage } = await openSignInStage();
    const { callback, cookie } = await goOut(stage);
    stage.clock.jump(10 * MINUTE);
    expect(await outcome(callback, cookie)).toMatchObject({ status: 400, isIn: false });
    await expectNobody(stage, "expired");
    const later = cookie.replace(/=\d+/, (time) => `=${Number(time.slice(1)) + 10 * MINUTE}`);
    expect(await outcome(callback, later)).toMatchObject({ status: 400, isIn: false });
    await expectNobody(stage, "foreign");
  });

  test("of another issuer, or without one that was announced (RFC 9207 §2.4)", async () => {
    const { stage, issuer } = await openSignInStage();
    for (const iss of ["https://evil.example", `${issuer.origin}/`, ""]) {
      const { callback, cookie } = await goOut(stage);
      expect(await outcome(changed(callback, { iss }), cookie)).toMatchObject({ status: 400, isIn: false });
    }
    issuer.answer = { iss: undefined };
    const { callback, cookie } = await goOut(stage);
    expect(await outcome(callback, cookie)).toMatchObject({ status: 400, isIn: false });
    expect(issuer.tokenRequests).toEqual([]);
    await expectNobody(stage, "parameters");
  });

  test("with the code of another attempt: PKCE", async () => {
    const { stage } = await openSignInStage();
    const [mine, theirs] = [await goOut(stage), await goOut(stage)];
    const code = new URL(theirs.callback).searchParams.get("code") ?? "";
    expect(await outcome(changed(mine.callback, { code }), mine.cookie)).toMatchObject({ status: 502, isIn: false });
    await expectNobody(stage, "invalid_grant");
  });
});

describe("an ID token is refused", () => {
  test.each([
    ["of another sign-in", { nonce: "x".repeat(43) }, "nonce"],
    ["of no sign-in", { nonce: undefined }, "nonce"],
    ["for somebody else", { aud: "another-client" }, "audience"],
    ["for others too", { aud: ["operators", "another-client"] }, "audience"],
    ["by somebody else", { azp: "another-client" }, "audience"],
    ["of another issuer", { iss: "https://evil.example" }, "issuer"],
    ["that is over", { exp: 1 }, "expired"],
    ["of the future", { iat: 9_999_999_999 }, "issued_at"],
    ["of nobody", { sub: undefined }, "subject"],
  ])("%s: %j", async (_how, claims, problem) => {
    const { stage, issuer } = await openSignInStage();
    issuer.claims = { ...issuer.claims, ...claims };
    const { callback, cookie } = await goOut(stage);
    expect(await outcome(callback, cookie)).toMatchObject({ status: 400, isIn: false });
    await expectNobody(stage, `id_token_${problem}`);
  });

  test("that nobody signed, or somebody else", async () => {
    const { stage, issuer } = await openSignInStage();
    const signAs = { own: issuer.sign, published: issuer.published };
    issuer.sign = (claims) => Promise.resolve(new UnsecuredJWT(claims).encode());
    const unsigned = await goOut(stage);
    expect(await outcome(unsigned.callback, unsigned.cookie)).toMatchObject({ status: 400, isIn: false });
    await expectNobody(stage, "id_token_signature");
    await issuer.changeKey();
    issuer.published = signAs.published;
    const foreign = await goOut(stage);
    expect(await outcome(foreign.callback, foreign.cookie)).toMatchObject({ status: 400, isIn: false });
    await expectNobody(stage, "id_token_unknown_key");
    issuer.sign = signAs.own;
    const honest = await goOut(stage);
    expect(await outcome(honest.callback, honest.cookie)).toMatchObject({ status: 303, isIn: true });
  });
});

describe("an error of the issuer", () => {
  test.each([
    ["access_denied", "cancelled or not allowed"],
    ["server_error", "&quot;server_error&quot;"],
    [`"><script>alert(1)</script>`, "unrecognised_error"],
  ])("%s gives a page that repeats nothing, with a way to try again", async (error, said) => {
    const { stage, issuer } = await openSignInStage();
    issuer.answer = { code: undefined, error, error_description: "<b>evil</b>" };
    const { callback, cookie } = await goOut(stage);
    const { status, isIn, text } = await outcome(callback, cookie);
    expect([status, isIn]).toEqual([400, false]);
    expect(text).toContain(said);
    expect(text).toContain(`href="/operator/sign-in"`);
    expect(text).not.toMatch(/<script|<b>|evil/);
  });
});

describe("an issuer that", () => {
  test("is down is told of as something that passes, on the way out and on the way back", async () => {
    const { stage, issuer } = await openSignInStage();
    const { callback, cookie } = await goOut(stage);
    issuer.metadata = { token_endpoint: `http://127.0.0.1:${await freePort()}/token` };
    stage.settings.operatorSignIn = signInAt(`http://127.0.0.1:${await freePort()}`, "alice@example.com");
    await stage.restart();
    const answer = await open(`${stage.service.url}/operator/sign-in`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(await answer.text()).toContain("cannot be reached (refused)");
    stage.settings.operatorSignIn = signInAt(issuer.origin, "alice@example.com");
    await stage.restart();
    expect(await outcome(callback, cookie)).toMatchObject({ status: 503, isIn: false });
    await expectNobody(stage, "refused");
  });

  test.each([
    ["speaks for another", { issuer: "https://evil.example" }],
    ["has no token endpoint", { token_endpoint: null }],
  ])("%s signs nobody in", async (_what, metadata) => {
    const { stage, issuer } = await openSignInStage();
    issuer.metadata = metadata;
    const answer = await open(`${stage.service.url}/operator/sign-in`);
    expect([answer.status, answer.headers.get("location")]).toEqual([502, null]);
    expect(await answer.text()).toContain("EVERGRANT_OPERATOR_ISSUER");
  });

  test("publishes no keys signs nobody in", async () => {
    const { stage, issuer } = await openSignInStage();
    issuer.metadata = { jwks_uri: null };
    const { callback, cookie } = await goOut(stage);
    expect(await outcome(callback, cookie)).toMatchObject({ status: 502, isIn: false });
    await expectNobody(stage, "discovery_failed");
  });

  test("leads inside is not followed there, unless the operator allows the host", async () => {
    const inside = await serveTcp((socket) => socket.destroy());
    const { stage, issuer } = await openSignInStage();
    for (const host of ["https://localhost", "http://localhost", "https://127.0.0.2"]) {
      const url = `${host}:${inside.port}/x`;
      issuer.metadata = { token_endpoint: url };
      await stage.restart();
      const { callback, cookie } = await goOut(stage);
      expect(await outcome(callback, cookie)).toMatchObject({ status: 503, isIn: false });
      await expectNobody(stage, "blocked_address");
      issuer.metadata = { jwks_uri: url };
      await stage.restart();
      const keys = await goOut(stage);
      expect(await outcome(keys.callback, keys.cookie)).toMatchObject({ status: 503, isIn: false });
      stage.settings.operatorSignIn = signInAt(url, "alice@example.com");
      await stage.restart();
      const blocked = await open(`${stage.service.url}/operator/sign-in`);
      expect([blocked.status, await blocked.text()]).toEqual([503, expect.stringContaining("ALLOWED_PRIVATE_HOSTS")]);
      stage.settings.operatorSignIn = signInAt(issuer.origin, "alice@example.com");
    }
    expect(inside.connections()).toBe(0);
  });
});

test("whoever comes too often from one address waits, and others do not", async () => {
  const { stage, issuer } = await openSignInStage();
  const { callback, cookie } = await goOut(stage);
  const statuses: number[] = [];
  for (let visit = 0; visit < 60; visit++) {
    statuses.push((await open(`${stage.service.url}/operator/sign-in`)).status);
  }
  expect(statuses.filter((status) => status === 429)).toHaveLength(1);
  const { status } = await outcome(callback, cookie);
  expect([status, issuer.tokenRequests]).toEqual([429, []]);
  await stage.clock.leap(1000);
  expect(await outcome(callback, cookie)).toMatchObject({ status: 303, isIn: true });
});

async function atHost({ service }: Stage, path: string, host: string): Promise<number | undefined> {
  const sent = send(service.url + path, { headers: { host, connection: "close" } }).end();
  const [answer] = await once(sent, "response");
  answer.resume();
  return answer.statusCode;
}

test("a tenant's address is none to sign in at", async () => {
  const { stage } = await openSignInStage();
  await stage.api("POST", "/v1/tenants", { name: "Acme", public_url: "https://acme.example" });
  const at = (path: string) => atHost(stage, path, "acme.example");
  expect([await at("/operator/sign-in"), await at("/operator/callback"), await at("/")]).toEqual([404, 404, 404]);
  expect(await atHost(stage, "/operator/sign-in", "a-proxy.internal")).toBe(303);
});

test("nothing of a sign-in is in the log: no code, no token, no secret, no cookie", async () => {
  const { stage, issuer } = await openSignInStage();
  const { callback, cookie } = await goOut(stage);
  const { searchParams } = new URL(callback);
  await open(callback, cookie);
  await open(callback, cookie);
  const [{ form } = { form: new URLSearchParams() }] = issuer.tokenRequests;
  const secrets = [
    "operatorsClientSecret",
    searchParams.get("state"),
    cookie.split("=")[1]?.slice(-43),
    form.get("code_verifier"),
  ];
  const log = stage.log.join("");
  expect(log).toContain("/operator/callback");
  for (const each of secrets) {
    expect(each?.length).toBeGreaterThan(10);
    expect(log).not.toContain(each);
  }
});

test("a service without the settings knows nothing of it", async () => {
  const stage = await openStage();
  expect((await open(`${stage.service.url}/operator/sign-in`)).status).toBe(404);
});
