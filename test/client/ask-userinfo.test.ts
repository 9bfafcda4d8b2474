import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { askUserinfo } from "../../src/client/ask-userinfo.ts";
import { newDpopKey } from "../../src/client/dpop-key.ts";
import { dpopProver } from "../../src/client/dpop-prover.ts";
import { clientKeys } from "../../src/keyring/client-keys.ts";
import { createDpopNonces } from "../../src/oauth/dpop-nonce.ts";
import type { HttpRequest, HttpResponse } from "../../src/oauth/http.ts";
import { secret } from "../../src/runtime/secret.ts";
import { httpAnswer } from "../oauth/http-answer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { createTransparentSealer } from "../simulation/transparent-sealer.ts";

const URL_OF_ALL = "https://as.example/userinfo";
const CHALLENGE = { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n-1" };
const WANTS_NONCE = { ...httpAnswer(401, {}), headers: CHALLENGE };

/** Asks a server that answers so, in this order, with a token of that type. */
async function ask(
  tokenType: string,
  ...answers: HttpResponse[]
): Promise<{ requests: HttpRequest[]; status: number }> {
  const sealer = createTransparentSealer();
  const key = await newDpopKey({ keys: clientKeys, sealer }, "ten_1", { dpop_algorithms: [] });
  const ports = { clock: createManualClock(), random: createSeededRandom(1), dpopNonces: createDpopNonces() };
  const clients = { dpopKey: () => Promise.resolve(key) };
  const prover = await dpopProver({ ...ports, clients, sealer }, "ten_1", key.thumbprint);
  const requests: HttpRequest[] = [];
  const transport = {
    send: (request: HttpRequest) => {
      requests.push(request);
      return Promise.resolve({ kind: "response", response: answers.shift() ?? httpAnswer(500, {}) } as const);
    },
  };
  const result = await askUserinfo({ transport, prover }, URL_OF_ALL, { accessToken: secret("at-1"), tokenType });
  return { requests, status: result.kind === "response" ? result.response.status : 0 };
}

test("a bound token is presented with a proof, and once more where the server wants a nonce in it (RFC 9449 §9)", async () => {
  const { requests, status } = await ask("DPoP", WANTS_NONCE, httpAnswer(200, { sub: "1" }));
  expect(status).toBe(200);
  const claims = requests.map(({ headers }) => decodeJwt(headers["dpop"] ?? ""));
  expect(claims.map(({ nonce }) => nonce)).toEqual([undefined, "n-1"]);
  expect(claims[1]).toMatchObject({ htm: "GET", htu: URL_OF_ALL, ath: expect.any(String) });
  expect(requests.map(({ headers }) => headers["authorization"])).toEqual(["DPoP at-1", "DPoP at-1"]);
});

test("a server that is not content with the nonce that it gave is asked no third time", async () => {
  const { requests, status } = await ask("DPoP", WANTS_NONCE, WANTS_NONCE, httpAnswer(200, {}));
  expect([requests.length, status]).toEqual([2, 401]);
});

test("a bearer token is presented as one, whatever key was proven for it", async () => {
  const { requests } = await ask("Bearer", WANTS_NONCE, httpAnswer(200, {}));
  expect(requests.map(({ headers }) => headers)).toEqual([
    { accept: "application/json", authorization: "Bearer at-1" },
  ]);
});
