import { expect, test } from "vitest";
import { createApi, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
}

/** Every documented route, with ids that nobody has. */
async function routes(stage: Stage): Promise<Route[]> {
  const document = (await stage.api("GET", "/openapi.json")).body;
  const paths = Object.entries(Reflect.get(document ?? {}, "paths"));
  return paths.flatMap(([path, operations]) =>
    Object.keys(operations ?? {}).map((method) => ({
      method: methodOf(method),
      path: path.replaceAll(/\{\w+\}/g, "unknown-id"),
    })),
  );
}

function methodOf(name: string): Route["method"] {
  const method = (["GET", "POST", "PUT", "PATCH", "DELETE"] as const).find((known) => known.toLowerCase() === name);
  if (!method) throw new Error(`no method ${name}`);
  return method;
}

test("every route but the operational ones, the one for providers, and those of other protocols, asks for a key, and says so before anything else", async () => {
  const stage = await openStage();
  const all = await routes(stage);
  expect(all.length).toBeGreaterThan(20);
  const open = all.filter(({ path }) => !/^\/(v1|proxy)\//.test(path));
  expect(open.map(({ path }) => path).toSorted()).toEqual([
    "/healthz",
    "/msi/token",
    "/oauth/jwks/unknown-id",
    "/oauth/token",
    "/readyz",
  ]);
  for (const key of ["", "wrong", "eg_key_".padEnd(100, "0")]) {
    const nobody = createApi(stage.service.url, key);
    for (const { method, path } of all.filter((route) => !open.includes(route))) {
      const answer = await nobody(method, path, method === "GET" || method === "DELETE" ? undefined : "{not json");
      expect([path, answer.body]).toMatchObject([path, { status: 401, code: "unauthorized" }]);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
  }
});

test("a key does what its scopes say and no more", async () => {
  const stage = await openStage();
  const made = await stage.api("POST", "/v1/api-keys", { name: "reader", scopes: ["token:read"] });
  const reader = createApi(stage.service.url, made.at("key"));
  const { connectionId } = await stage.connect();
  expect((await reader("GET", `/v1/connections/${connectionId}/access-token`)).status).toBe(200);
  const refused = (await routes(stage)).filter(
    ({ path }) => path.startsWith("/v1/") && !/\/access-token|\/dpop-proof$|^\/v1\/agent-tokens$/.test(path),
  );
  for (const { method, path } of refused) {
    expect([path, (await reader(method, path)).body]).toMatchObject([path, { status: 403, code: "forbidden" }]);
  }
  expect((await stage.token(connectionId)).status).toBe(200);
});

test("a key gives away no scope that it lacks, and dies when it is revoked", async () => {
  const stage = await openStage();
  const made = await stage.api("POST", "/v1/api-keys", { name: "keys only", scopes: ["keys:write", "token:read"] });
  const limited = createApi(stage.service.url, made.at("key"));
  const beyond = await limited("POST", "/v1/api-keys", { name: "more", scopes: ["admin"] });
  expect(beyond.body).toMatchObject({ code: "forbidden" });
  expect((await limited("GET", "/v1/api-keys")).text).not.toContain(made.at("key").slice(-20));
  expect((await stage.api("DELETE", `/v1/api-keys/${made.at("id")}`)).status).toBe(204);
  expect((await limited("GET", "/v1/api-keys")).status).toBe(401);
  expect((await stage.api("DELETE", `/v1/api-keys/${made.at("id")}`)).status).toBe(404);
});

test("a key ends when it expires, and cannot be made to have ended", async () => {
  const stage = await openStage();
  const at = (milliseconds: number) => new Date(stage.clock.now() + milliseconds).toISOString();
  const past = await stage.api("POST", "/v1/api-keys", { name: "old", scopes: ["token:read"], expires_at: at(-1) });
  expect(past.body).toMatchObject({ code: "invalid_request" });
  const made = await stage.api("POST", "/v1/api-keys", { name: "short", scopes: ["keys:write"], expires_at: at(2000) });
  const short = createApi(stage.service.url, made.at("key"));
  expect((await short("GET", "/v1/api-keys")).status).toBe(200);
  await stage.clock.advance(2001);
  expect((await short("GET", "/v1/api-keys")).status).toBe(401);
});

test("ids of another tenant or of nobody are answered alike", async () => {
  const stage = await openStage();
  const api: Api = stage.api;
  const unknown = "con_00000000000000000000000000";
  const answers = await Promise.all([
    api("GET", `/v1/connections/${unknown}`),
    api("GET", `/v1/connections/${unknown}/access-token`),
    api("GET", `/v1/connections/${unknown}/history`),
    api("POST", `/v1/connections/${unknown}/access-token/rejected`, { generation: 1, status: 401 }),
    api("POST", `/v1/connections/${unknown}/refresh`),
    api("POST", `/v1/connections/${unknown}/check`),
    api("POST", `/v1/connections/${unknown}/reauthorization-link`),
    api("PATCH", `/v1/connections/${unknown}`, { labels: {} }),
    api("DELETE", `/v1/connections/${unknown}`),
    api("POST", "/v1/connect-sessions", { connection: unknown }),
    api("POST", "/v1/connect-sessions", { client: "cli_x" }),
    api("GET", "/v1/connect-sessions/cs_x"),
    api("POST", "/v1/connect-sessions/cs_x/complete", {}),
    api("GET", "/v1/clients/cli_x"),
    api("POST", "/v1/clients/cli_x/secrets", { client_secret: "s" }),
    api("GET", "/v1/providers/nobody"),
    api("DELETE", "/v1/api-keys/key_x"),
    api("GET", "/v1/connections/%00/access-token"),
    api("GET", `/v1/connections/${"x".repeat(250)}/access-token`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
});

test("the document names every failure as problem details, and every schema it refers to", async () => {
  const stage = await openStage();
  const { text } = await stage.api("GET", "/openapi.json");
  expect(text).toContain('"openapi":"3.1.0"');
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
  expect(references.length).toBeGreaterThan(20);
  for (const name of new Set(references)) expect(text).toContain(`"${name}":{`);
});
