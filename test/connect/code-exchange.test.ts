import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { freePort } from "../stage/free-port.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";

test.each([
  ["500", { kind: "status", status: 500 }, "HTTP 500"],
  ["503", { kind: "status", status: 503 }, "HTTP 503"],
  ["400 without an OAuth error", { kind: "status", status: 400 }, "HTTP 400"],
  ["a proxy's page", { kind: "html", status: 200 }, "html"],
  ["a proxy's error page", { kind: "html", status: 502 }, "HTTP 502"],
  ["nothing", { kind: "empty", status: 200 }, "empty"],
  ["a cut connection", { kind: "cut_after_commit" }, "could not be reached (reset)"],
  ["too many requests", { kind: "rate_limit", retryAfterSeconds: 3 }, "HTTP 429"],
] as const)("a code exchange that is answered with %s connects nothing and says so", async (_name, fault, told) => {
  const stage = await openStage();
  stage.sandbox.control.change({ tokenEndpointFault: fault });
  const page = await connectFailing(stage);
  expect(page.session.body).toMatchObject({
    status: "failed",
    connection_id: null,
    problem: { code: "code_exchange_failed" },
  });
  expect(page.session.at("problem", "detail")).toContain(told);
  expect(page.page.status).toBe(400);
  expect((await stage.api("GET", "/v1/connections")).body).toEqual({ connections: [], next_after: null });
});

test("a client that the provider refuses is named as the trouble", async () => {
  const stage = await openStage();
  await stage.sandbox.control.rotateClientSecret("evergrant", "another-secret");
  const { session } = await connectFailing(stage);
  expect(session.at("problem", "detail")).toContain('"invalid_client" (HTTP 401)');
});

test("an unreachable token URL is said to be that", async () => {
  const port = await freePort();
  const provider = (issuer: string) => ({
    name: "Half",
    issuer,
    authorization_url: `${issuer}/authorize`,
    token_url: `http://127.0.0.1:${port}/token`,
  });
  const { session } = await connectFailing(await openStage({ provider }));
  expect(session.at("problem", "detail")).toContain("could not be reached (refused)");
});

test("a redirect of the token endpoint is not followed: no secret goes anywhere else", async () => {
  let hits = 0;
  const elsewhere = await startPageServer((_request, response) => {
    hits++;
    response.end("{}");
  });
  const redirecting = await startPageServer((_request, response) => {
    response.writeHead(307, { location: `${elsewhere}/token` }).end();
  });
  const provider = (issuer: string) => ({
    name: "Redirecting",
    issuer,
    authorization_url: `${issuer}/authorize`,
    token_url: `${redirecting}/token`,
  });
  const { session } = await connectFailing(await openStage({ provider }));
  expect(session.at("problem", "detail")).toContain("HTTP 307");
  expect(hits).toBe(0);
});

/** Connects although nothing will come of it. */
async function connectFailing(stage: Stage) {
  const started = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId });
  const page = await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  return { page, session: await stage.api("GET", `/v1/connect-sessions/${started.at("id")}`) };
}
