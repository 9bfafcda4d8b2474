import { describe, expect, it } from "vitest";
import { checkClock } from "../../src/cli/doctor/check-clock.ts";
import { checkProviders } from "../../src/cli/doctor/check-providers.ts";
import type { Visit } from "../../src/cli/doctor/reach-providers.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { freePort } from "../stage/free-port.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { evergrant, type Environment } from "./evergrant.ts";
import { listen } from "../stage/page-server.ts";
import { serviceEnvironment } from "./stage-environment.ts";

it.each([
  ["dns", "DNS"],
  ["refused", "firewall"],
  ["proxy", "NO_PROXY"],
  ["tls", "NODE_EXTRA_CA_CERTS"],
  ["timeout", "firewall"],
  ["reset", "proxy"],
  ["blocked_address", "EVERGRANT_ALLOWED_PRIVATE_HOSTS"],
  ["bad_url", "PUT /v1/providers/{id}"],
] as const)("a provider that is not reachable because of %s is wrong, and %s is where to look", (outcome, next) => {
  expect(checkProviders([visit({ outcome })])).toEqual([
    expect.objectContaining({ kind: "wrong", exit: "unavailable", next: expect.stringContaining(next) }),
  ]);
});

it.each(["reached", "too_large"] as const)("a provider whose visit was %s is fine", (outcome) => {
  expect(checkProviders([visit({ outcome })])).toMatchObject([{ kind: "fine" }]);
});

it("a provider that clients use and nothing defines is worth a look", () => {
  expect(checkProviders([visit({ outcome: "undefined_provider" })])).toMatchObject([{ kind: "warning" }]);
});

it.each([
  [-30_000, "fine", "agrees"],
  [30_000, "fine", "agrees"],
  [30_001, "warning", "30 s ahead of"],
  [-45_000, "warning", "45 s behind"],
])("a clock %d ms ahead is %s", (ahead, kind, found) => {
  expect(checkClock([visit({ ahead })])).toMatchObject([{ kind, found: expect.stringContaining(found) }]);
});

describe("a provider in use", () => {
  it("inside the network exits with 7 until its host is allowed", async () => {
    const stage = await openStage();
    const environment = { ...serviceEnvironment(stage), EVERGRANT_ALLOWED_PRIVATE_HOSTS: "" };
    const { code, stdout } = await doctor(environment);
    expect(code).toBe(EXIT.unavailable);
    expect(stdout).toMatch(/^✗ provider +sandbox .*\n +→ .*EVERGRANT_ALLOWED_PRIVATE_HOSTS/m);
    expect(stdout).toMatch(/^! clock +not compared/m);
  });

  it("that nobody answers for exits with 7", async () => {
    const stage = await openStage();
    await useProvider(stage, await freePort());
    const { code, stdout } = await doctor(serviceEnvironment(stage));
    expect(code).toBe(EXIT.unavailable);
    expect(stdout).toMatch(/^✗ provider +other .*is not reachable: no connection\n +→ /m);
    expect(stdout).toMatch(/^✓ provider +sandbox/m);
  });

  it("tells the time: more than 30 s off is worth a look", async () => {
    const off = await listen((_request, response) => {
      response.setHeader("date", new Date(Date.now() - 90_000).toUTCString());
      response.end();
    });
    const stage = await openStage({ provider: () => provider(off) });
    const { code, stdout } = await doctor(serviceEnvironment(stage));
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(new RegExp(`^! clock +(89|90|91) s ahead of 127\\.0\\.0\\.1:${off}\n +→ `, "m"));
  });

  it("that agrees outweighs one that does not", async () => {
    const off = await listen((_request, response) => {
      response.setHeader("date", "Thu, 01 Jan 2015 00:00:00 GMT");
      response.end();
    });
    const stage = await openStage();
    await useProvider(stage, off);
    const { stdout } = await doctor(serviceEnvironment(stage));
    expect(stdout).toMatch(/^✓ clock +agrees with /m);
  });
});

function doctor(environment: Environment) {
  return evergrant(["doctor"], environment);
}

function provider(port: number): Record<string, unknown> {
  const url = `http://127.0.0.1:${port}`;
  return { name: "Other", authorization_url: `${url}/authorize`, token_url: `${url}/token` };
}

/** Adds another provider and a client of it. */
async function useProvider(stage: Stage, port: number): Promise<void> {
  expect((await stage.api("PUT", "/v1/providers/other", provider(port))).status).toBe(200);
  const client = { provider: "other", client_id: "evergrant", client_secret: "canary" };
  expect((await stage.api("POST", "/v1/clients", client)).status).toBe(201);
}

function visit(facts: Partial<Visit>): Visit {
  return { provider: "acme", host: "login.acme.example", outcome: "reached", ahead: null, ...facts };
}
