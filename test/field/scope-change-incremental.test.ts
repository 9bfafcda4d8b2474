import { expect, test, vi } from "vitest";
import { requireScopes } from "../../src/refresh/require-scopes.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { adds, answer } from "../stage/plays.ts";
import { openStage } from "../stage/stage.ts";
import { consent } from "./browser.ts";
import { expectHealthy } from "./outcome.ts";
import { startScriptedProvider, tokens } from "./scripted-provider.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

// The server takes a refresh without a scope for one that wants none.
test("glimesh-refresh-returns-null-scope: where the entry says so, every refresh repeats the scope that was granted", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  const entry = await stage.catalogue.find("provider");
  if (!entry) throw new Error("The stage has a provider.");
  await stage.catalogue.put({ ...entry, dialects: ["repeat_scope"] });
  const { server } = stage;
  server.always((act) => (server.requests.at(-1)?.form.has("scope") === true ? act() : answer(200, WITHOUT_SCOPE)));
  const id = await stage.connect();
  for (let hour = 1; hour <= 3; hour++) {
    await stage.clock.leap(HOUR);
    const { accessToken, scope } = await stage.read(id);
    expect(server.acceptsAccess(accessToken.reveal())).toBe(true);
    expect(scope).toEqual(["files.read", "files.write"]);
  }
  const sent = server.requests.map(({ form }) => form.get("scope"));
  expect(sent).toEqual(Array.from({ length: 3 }, () => "files.read files.write"));
  // A server that brings less is noticed at once, and what is left goes on.
  server.always(adds({ scope: "files.read" }));
  await stage.refresh(id);
  await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "ok", missingScopes: ["files.write"] });
  expect((await stage.held(id)).connection).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "scope_insufficient", evidence: { missing: "files.write" } },
  });
});

const WITHOUT_SCOPE = '{"access_token":"...","scope":null}';

// The refresh tokens that there are go on with the scopes that they were given.
test("okta-old-token-keeps-old-scope-refresh-loop: another list of scopes makes no connection expire, and each is refreshed once in its time", async () => {
  const parameters = { domain: "acme.okta.com", authorization_server: "default" };
  const entry = builtInEntry("okta", { parameters });
  const stage = await openEngineStage({ entry, server: { reuse: { windowMs: 30 * SECOND } } });
  const id = await stage.connect();
  const { provider } = entry;
  await stage.catalogue.put({ ...provider, identity_scopes: [...provider.identity_scopes, "phone", "address"] });
  stage.sweep.start();
  for (let lifetime = 1; lifetime <= 3; lifetime++) {
    for (let part = 0; part < 5; part++) {
      await stage.clock.leap(10 * MINUTE);
      await stage.clock.advance(2 * SECOND);
      await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "ok" });
    }
    expect(stage.server.requests).toHaveLength(lifetime);
  }
  await expectHealthy(stage, id);
  expect(stage.server.requests.map(({ form }) => form.get("scope"))).toEqual(
    Array.from({ length: 3 }, () => "files.read files.write"),
  );
  // What is needed now and was never granted is said, and the tokens go on as they are.
  await requireScopes(stage.ports, id, ["files.read", "groups"]);
  await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "ok", missingScopes: ["groups"] });
  expect((await stage.held(id)).connection).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "scope_insufficient", evidence: { missing: "groups" } },
  });
  expect(stage.server.requests).toHaveLength(3);
});

const GRANTED: readonly (readonly [string, unknown, string[]])[] = [
  ["in another order", "files.write files.read", ["files.read", "files.write"]],
  ["with commas", "files.read,files.write", ["files.read", "files.write"]],
  ["as a list", ["files.read", "files.write"], ["files.read", "files.write"]],
  [
    "by their long names",
    "files.read https://scopes.example/files.write",
    ["files.read", "https://scopes.example/files.write"],
  ],
  ["with what was granted earlier", "files.read files.write mail.read", ["files.read", "files.write", "mail.read"]],
  ["with one of them twice", "files.read files.write files.read", ["files.read", "files.write"]],
  ["with one of them only", "files.read", ["files.read"]],
];

test("scope-has-changed-raised-as-exception: scopes that differ from those that were asked for are noted, and stop nothing", async () => {
  const provider = await startScriptedProvider();
  const { origin } = provider;
  const urls = { authorization_url: `${origin}/authorize`, token_url: `${origin}/token` };
  const stage = await openStage({ provider: () => ({ name: "Elsewhere", ...urls }) });
  for (const [how, scope, granted] of GRANTED) {
    provider.token = () => ({ body: { ...tokens(provider.tokenRequests.length), scope } });
    const { session } = await consent(stage);
    expect([how, session.body]).toEqual([how, expect.objectContaining({ status: "completed", problem: null })]);
    const path = `/v1/connections/${session.at("connection_id")}`;
    await stage.api("POST", `${path}/refresh`);
    const { body } = await stage.api("GET", path);
    expect([how, body]).toEqual([how, expect.objectContaining({ status: "active", generation: 2 })]);
    const scopes = (await stage.token(session.at("connection_id"))).at("scope");
    expect([how, scopes.split(" ").toSorted()]).toEqual([how, granted]);
    await stage.clock.advance(SECOND);
  }
});
