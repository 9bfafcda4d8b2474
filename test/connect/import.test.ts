import { expect, test } from "vitest";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A stage whose provider is a token endpoint that takes any refresh token but "dead" and rotates it. */
async function openImportStage(): Promise<Stage & { asked: string[] }> {
  const asked: string[] = [];
  const origin = await startPageServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const token = new URLSearchParams(body).get("refresh_token") ?? "";
      asked.push(token);
      const dead = token === "dead";
      const answer = dead
        ? { error: "invalid_grant" }
        : { access_token: `at-${asked.length}`, refresh_token: `rt-${asked.length}`, expires_in: 3600 };
      response.writeHead(dead ? 400 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  const provider = () => ({
    name: "Elsewhere",
    authorization_url: `${origin}/authorize`,
    token_url: `${origin}/token`,
  });
  return Object.assign(await openStage({ provider }), { asked });
}

function importBody(stage: Stage, tokenSet: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return { client: stage.clientId, token_set: tokenSet, ...more };
}

test("a token set that lives is handed out as it came, and refreshed when it is due", async () => {
  const stage = await openImportStage();
  const set = { access_token: "their-at", refresh_token: "their-rt", expires_in: 3600, scope: "a b" };
  const more = { account: { id: "7", label: "x@example.com" }, end_user: "u1", labels: { plan: "gold" } };
  const made = await stage.api("POST", "/v1/connections/import", importBody(stage, set, more));
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    status: "active",
    account: { id: "7" },
    end_user: "u1",
    labels: { plan: "gold" },
    granted_scopes: ["a", "b"],
  });
  expect((await stage.token(made.at("id"))).body).toMatchObject({
    access_token: "their-at",
    generation: 1,
    scope: "a b",
  });
  await stage.clock.leap(55 * 60_000);
  await expect
    .poll(async () => (await stage.token(made.at("id"))).body)
    .toMatchObject({ access_token: "at-1", generation: 2 });
  expect(stage.asked).toEqual(["their-rt"]);
});

test.each([
  ["no expiry", { access_token: "stale", refresh_token: "rt" }],
  ["an expiry in the past", { access_token: "stale", refresh_token: "rt", expires_at: "2020-01-01T00:00:00Z" }],
  ["no access token", { refresh_token: "rt", expires_in: 3600 }],
])("a token set with %s is refreshed before anything is handed out", async (_name, set) => {
  const stage = await openImportStage();
  const made = await stage.api("POST", "/v1/connections/import", importBody(stage, set));
  expect((await stage.token(made.at("id"))).body).toMatchObject({ access_token: "at-1", generation: 2 });
  expect(stage.asked).toEqual(["rt"]);
});

test("with `verify`, a token that the provider refuses is not adopted", async () => {
  const stage = await openImportStage();
  const given = importBody(stage, { refresh_token: "dead" }, { verify: true });
  const dead = await stage.api("POST", "/v1/connections/import", given);
  expect(dead.body).toMatchObject({ status: 422, code: "refresh_token_rejected", who_acts: "operator" });
  expect(dead.at("detail")).toContain("invalid_grant");
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [] });
  expect(stage.asked).toEqual(["dead", "dead"].slice(0, stage.asked.length));
  const good = await stage.api(
    "POST",
    "/v1/connections/import",
    importBody(stage, { refresh_token: "rt" }, { verify: true }),
  );
  expect(good.body).toMatchObject({ status: "active", last_proven_at: expect.any(String) });
});

test.each([
  ["no refresh token", { access_token: "a" }],
  ["null", { access_token: "a", refresh_token: null }],
  ["an empty one", { access_token: "a", refresh_token: "" }],
  ["a blank one", { access_token: "a", refresh_token: "  " }],
])("an import with %s is refused by name and stores nothing", async (_name, set) => {
  const stage = await openImportStage();
  const refused = await stage.api("POST", "/v1/connections/import", importBody(stage, set));
  expect(refused.body).toMatchObject({ status: 400, code: "refresh_token_missing" });
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [] });
});

test("an import says what is wrong without repeating a token", async () => {
  const stage = await openImportStage();
  for (const set of [
    { refresh_token: "secret-in-a-request\u0000" },
    { refresh_token: 7 },
    { refresh_token: "rt", expires_in: 1, expires_at: "2030-01-01T00:00:00Z" },
    { refresh_token: "rt", expires_at: "tomorrow" },
    { refresh_token: "rt", "secret-in-a-field-name-that-is-far-too-long-to-be-one": 1 },
    { refresh_token: "x".repeat(20_000) },
  ]) {
    const refused = await stage.api("POST", "/v1/connections/import", importBody(stage, set));
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    expect(refused.text).not.toContain("secret-in-a-request");
    expect(refused.text).not.toContain("too-long-to-be-one");
  }
  const foreign = await stage.api("POST", "/v1/connections/import", {
    client: "cli_x",
    token_set: { refresh_token: "rt" },
  });
  expect(foreign.body).toMatchObject({ status: 404, code: "not_found" });
});

test("a refresh token is adopted once: a seed that is imported again after rotations finds its connection as it is", async () => {
  const stage = await openImportStage();
  const seed = importBody(stage, { refresh_token: "seed" });
  const made = await stage.api("POST", "/v1/connections/import", { ...seed, verify: true });
  await stage.api("POST", `/v1/connections/${made.at("id")}/refresh`);
  expect(stage.asked).toEqual(["seed", "rt-1"]);
  await stage.restart();
  const again = await stage.api("POST", "/v1/connections/import", { ...seed, verify: true });
  expect(again.status).toBe(200);
  expect(again.body).toMatchObject({ id: made.at("id"), status: "active" });
  expect((await stage.token(made.at("id"))).body).toMatchObject({ generation: 3 });
  expect(stage.asked).toEqual(["seed", "rt-1"]);
});

test("the same seed imported by many at once is one connection", async () => {
  const stage = await openImportStage();
  const body = importBody(stage, { access_token: "at", refresh_token: "seed", expires_in: 3600 });
  const made = await Promise.all(Array.from({ length: 5 }, () => stage.api("POST", "/v1/connections/import", body)));
  expect(new Set(made.map((answer) => answer.at("id"))).size).toBe(1);
  expect(made.filter(({ status }) => status === 201)).toHaveLength(1);
});

test("a refresh token of another client is another seed, and one that ended stays over when it is imported again", async () => {
  const stage = await openImportStage();
  const seed = importBody(stage, { refresh_token: "dead" });
  const ended = await stage.api("POST", "/v1/connections/import", seed);
  await stage.api("POST", `/v1/connections/${ended.at("id")}/refresh`);
  for (const verify of [false, true]) {
    const again = await stage.api("POST", "/v1/connections/import", { ...seed, verify });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: ended.at("id"), status: "reauthorization_required" });
  }
  expect(stage.asked).toEqual(["dead"]);
  const other = { provider: "sandbox", client_id: "another", client_secret: "s" };
  const client = (await stage.api("POST", "/v1/clients", other)).at("id");
  const elsewhere = await stage.api("POST", "/v1/connections/import", { ...seed, client });
  expect(elsewhere.status).toBe(201);
  expect(elsewhere.at("id")).not.toBe(ended.at("id"));
});
