import { createScriptedUser } from "@evergrant/sandbox";
import { describe, expect, test } from "vitest";
import type { Answer } from "../stage/api.ts";
import { connectAs, openTwoTenants, type TenantStage, type TwoTenants } from "./two-tenants.ts";

// What tests of one tenant prove is not repeated here: Mallory is another customer, with a client of his own at the same provider.

const exchanged = ({ stage }: TwoTenants) => stage.sandbox.control.counts().authorizationCodeRequests;

interface Departed {
  session: Answer;
  state: string;
  cookie: string;
}

/** A browser that a tenant sent to the provider. */
async function depart({ api, clientId }: TenantStage, asked: Record<string, unknown> = {}): Promise<Departed> {
  const session = await api("POST", "/v1/connect-sessions", { client: clientId, ...asked });
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  const state = new URL(left.headers.get("location") ?? "").searchParams.get("state") ?? "";
  return { session, state, cookie: left.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

/** A browser comes to the redirect URI of a tenant's client. */
function comeBack(redirectUri: string, parameters: Record<string, string>, cookie: string): Promise<Response> {
  return fetch(`${redirectUri}?${new URLSearchParams(parameters).toString()}`, {
    headers: { cookie },
    redirect: "manual",
  });
}

/** All connections of both. */
async function connections({ mallory, acme }: TwoTenants): Promise<unknown[]> {
  const lists = await Promise.all([mallory, acme].map(({ api }) => api("GET", "/v1/connections")));
  return lists.map(({ body }) => body);
}

const NOTHING = [
  { connections: [], next_after: null },
  { connections: [], next_after: null },
];

/** What a callback came to. */
async function outcomeOf(both: TwoTenants, page: Response) {
  const text = await page.text();
  return {
    status: page.status,
    isForeign: text.includes("does not belong to a sign-in that was started in this browser"),
    exchanged: exchanged(both),
    connections: await connections(both),
  };
}

const REFUSED = { status: 400, isForeign: true, exchanged: 0, connections: NOTHING };

describe("mix-up between tenants (RFC 9700 §4.4)", () => {
  test("an answer to one tenant's client is refused at the other's redirect URI, with every state and cookie there is", async () => {
    const both = await openTwoTenants();
    const { stage, mallory, acme } = both;
    const [his, hers] = [await depart(mallory), await depart(acme)];
    const cookies = `${his.cookie}; ${hers.cookie}`;
    const iss = stage.sandbox.url;
    expect(
      await outcomeOf(both, await comeBack(mallory.redirectUri, { code: "c", state: hers.state, iss }, cookies)),
    ).toEqual(REFUSED);
    expect(
      await outcomeOf(both, await comeBack(acme.redirectUri, { code: "c", state: his.state, iss }, cookies)),
    ).toEqual(REFUSED);
  });

  test("a code is exchanged by the client that it was asked for with, and by no other", async () => {
    const both = await openTwoTenants();
    await connectAs(both.acme, "alice");
    await connectAs(both.mallory, "alice");
    expect(both.stage.sandbox.control.counts().tokenRequestsByClient).toEqual({
      [both.acme.registeredAs]: 1,
      [both.mallory.registeredAs]: 1,
    });
  });
});

/** Somebody goes the way of a session that asks for a confirmation; the browser ends at the return URL. */
async function land({ api, clientId, returnUrl }: TenantStage, user: string) {
  const session = await api("POST", "/v1/connect-sessions", {
    client: clientId,
    end_user: user,
    return_url: returnUrl,
  });
  const landed = new URL((await createScriptedUser({ user }).visit(session.at("connect_url"))).url);
  return { id: session.at("id"), landed, confirmation: landed.searchParams.get("confirmation") ?? "" };
}

describe("one tenant's user signs in for another tenant (COAT)", () => {
  test("a session that came back is completed by its own tenant alone, whoever has its id and its confirmation", async () => {
    const both = await openTwoTenants();
    const { mallory, acme } = both;
    const { id, landed, confirmation } = await land(acme, "alice");
    expect(landed.href.startsWith(acme.returnUrl)).toBe(true);
    const complete = `/v1/connect-sessions/${id}/complete`;
    const body = { end_user: "alice", confirmation };
    expect((await mallory.api("POST", complete, body)).status).toBe(404);
    expect((await both.stage.api("POST", complete, body)).status).toBe(404);
    expect(exchanged(both)).toBe(0);
    expect(await connections(both)).toEqual(NOTHING);
    expect((await acme.api("POST", complete, body)).body).toMatchObject({ status: "completed" });
    expect((await mallory.api("GET", "/v1/connections")).body).toMatchObject({ connections: [] });
  });

  test("a confirmation of one tenant's session completes none of the other's", async () => {
    const both = await openTwoTenants();
    const [his, hers] = [await land(both.mallory, "bob"), await land(both.acme, "alice")];
    const path = `/v1/connect-sessions/${hers.id}/complete`;
    const refused = await both.acme.api("POST", path, { confirmation: his.confirmation });
    expect(refused.body).toMatchObject({ status: 409, code: "conflict" });
    expect(exchanged(both)).toBe(0);
  });

  test("nobody begins a session for a connection or with a client of another tenant", async () => {
    const both = await openTwoTenants();
    const { mallory, acme } = both;
    const { id } = await connectAs(acme, "alice");
    const tried = [
      { connection: id },
      { client: mallory.clientId, connection: id },
      { client: acme.clientId },
      { client: acme.clientId, connection: id },
    ];
    for (const asked of tried) expect((await mallory.api("POST", "/v1/connect-sessions", asked)).status).toBe(404);
    expect((await mallory.api("POST", `/v1/connections/${id}/reauthorization-link`)).status).toBe(404);
  });
});

/** A code that the provider really gave for a tenant's client, which nobody has exchanged. */
async function stolenCode({ api, clientId, redirectUri }: TenantStage): Promise<string> {
  const session = await api("POST", "/v1/connect-sessions", { client: clientId });
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  // Without the cookie, so that the code comes back and is refused.
  const page = await createScriptedUser({ user: "bob" }).visit(left.headers.get("location") ?? "");
  expect([page.status, page.url.startsWith(redirectUri)]).toEqual([400, true]);
  return new URL(page.url).searchParams.get("code") ?? "";
}

describe("one tenant's answer is given to another tenant's user (CORF, RFC 9700 §4.5 and §4.7)", () => {
  test("his callback in her browser is refused, at his redirect URI and at hers", async () => {
    const both = await openTwoTenants();
    const { stage, mallory, acme } = both;
    const [his, hers] = [await depart(mallory), await depart(acme)];
    const iss = stage.sandbox.url;
    for (const uri of [mallory.redirectUri, acme.redirectUri]) {
      expect(await outcomeOf(both, await comeBack(uri, { code: "c", state: his.state, iss }, hers.cookie))).toEqual(
        REFUSED,
      );
    }
  });

  test("his code in her own sign-in connects nothing: it is neither her client's nor the answer to her request", async () => {
    const both = await openTwoTenants();
    const { stage, mallory, acme } = both;
    const code = await stolenCode(mallory);
    const hers = await depart(acme);
    const page = await comeBack(acme.redirectUri, { code, state: hers.state, iss: stage.sandbox.url }, hers.cookie);
    expect([page.status, exchanged(both)]).toEqual([400, 1]);
    const session = await acme.api("GET", `/v1/connect-sessions/${hers.session.at("id")}`);
    expect(session.body).toMatchObject({ status: "failed", problem: { code: "code_exchange_failed" } });
    expect(stage.sandbox.control.counts().tokenRequestsByClient).toEqual({ [acme.registeredAs]: 1 });
    expect(await connections(both)).toEqual(NOTHING);
  });
});

describe("somebody of another tenant has her state", () => {
  test("stolen, it is of no use in his browser", async () => {
    const both = await openTwoTenants();
    const { stage, mallory, acme } = both;
    const [his, hers] = [await depart(mallory), await depart(acme)];
    const iss = stage.sandbox.url;
    for (const cookie of ["", his.cookie, his.cookie.replace(/^[^=]*/, hers.cookie.split("=")[0] ?? "")]) {
      for (const uri of [acme.redirectUri, mallory.redirectUri]) {
        expect(await outcomeOf(both, await comeBack(uri, { code: "c", state: hers.state, iss }, cookie))).toEqual(
          REFUSED,
        );
      }
    }
  });

  test("her callback in another browser is refused, and her own can still finish", async () => {
    const both = await openTwoTenants();
    const { stage, mallory, acme } = both;
    const [his, hers] = [await depart(mallory), await depart(acme)];
    const parameters = { code: "c", state: hers.state, iss: stage.sandbox.url };
    expect(await outcomeOf(both, await comeBack(acme.redirectUri, parameters, his.cookie))).toEqual(REFUSED);
    await comeBack(acme.redirectUri, parameters, hers.cookie);
    expect(exchanged(both)).toBe(1);
    expect(stage.sandbox.control.counts().tokenRequestsByClient).toEqual({ [acme.registeredAs]: 1 });
  });
});

test("a return URL that another tenant has registered is foreign, and refused", async () => {
  const both = await openTwoTenants();
  const { mallory, acme } = both;
  for (const [tenant, url] of [
    [mallory, acme.returnUrl],
    [acme, mallory.returnUrl],
  ] as const) {
    const asked = { client: tenant.clientId, return_url: url };
    const refused = await tenant.api("POST", "/v1/connect-sessions", asked);
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    expect(refused.text).not.toContain(url);
  }
});

test("each connection is refreshed by its own client, when it is due, when it is asked for, and after a restart", async () => {
  const both = await openTwoTenants();
  const { stage, mallory, acme } = both;
  const [his, hers] = [await connectAs(mallory, "alice"), await connectAs(acme, "alice")];
  const counts = () => stage.sandbox.control.counts();
  await mallory.api("POST", `/v1/connections/${his.id}/refresh`);
  expect(counts().tokenRequestsByClient).toEqual({ [acme.registeredAs]: 1, [mallory.registeredAs]: 2 });
  await stage.clock.advance(55 * 60_000);
  await expect.poll(() => counts().refreshesSucceeded).toBe(3);
  expect(counts().tokenRequestsByClient).toEqual({ [acme.registeredAs]: 2, [mallory.registeredAs]: 3 });
  await stage.restart();
  expect((await acme.api("POST", `/v1/connections/${hers.id}/refresh`)).body).toMatchObject({ status: "active" });
  expect(counts()).toMatchObject({
    tokenRequestsByClient: { [acme.registeredAs]: 3, [mallory.registeredAs]: 3 },
    refreshesRejected: 0,
  });
});
