import { describe, expect, it } from "vitest";
import { ReplayImpossibleError } from "../src/index.ts";
import { startApi } from "./api.ts";
import { sendProblem, startEvergrantService, tokenOf } from "./evergrant-service.ts";
import { TOKEN } from "./token-answer.ts";

/** A service whose tokens need proofs, and an API that takes those with its nonce. */
async function start({ nonce = null }: { nonce?: string | null } = {}) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  const state = { nonce, generation: 1, asked: 0 };
  service.instead = (response, request) => {
    const generation = state.generation;
    const token = { ...TOKEN, token_type: "DPoP", access_token: tokenOf(generation), generation };
    const isProof = request.url?.endsWith("/dpop-proof") === true;
    if (isProof) state.asked++;
    const proof = { proof: `proof-${state.asked}-of-${generation}`, connection_id: "con_1", generation };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(isProof ? proof : token));
  };
  api.instead = (response, { headers }) => {
    const asked: unknown = service.reports.at(-1);
    const isTaken = state.nonce === null || JSON.stringify(asked).includes(`"${state.nonce}"`);
    const challenge = { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": state.nonce ?? "" };
    response
      .writeHead(isTaken ? 200 : 401, isTaken ? {} : challenge)
      .end(`${headers.authorization} ${String(headers.dpop)}`);
  };
  return { service, api, state, connection: service.connect() };
}

describe("a token that is bound to a key", () => {
  it("is presented with a proof for the very request", async () => {
    const { service, api, connection } = await start();
    const response = await connection.fetch(`${api.url}/files?page=2`, { method: "PUT", body: "x" });
    expect(await response.text()).toBe(`DPoP ${tokenOf(1)} proof-1-of-1`);
    expect(service.reports).toEqual([{ method: "PUT", url: `${api.url}/files?page=2` }]);
  });

  it("is asked for anew when the proof is for a newer one", async () => {
    const { api, state, connection } = await start();
    await connection.accessToken();
    state.generation = 2;
    expect(await (await connection.fetch(api.url)).text()).toBe(`DPoP ${tokenOf(2)} proof-1-of-2`);
  });

  it("is sent as what it is when it is bound no more", async () => {
    const { service, api, connection } = await start();
    await connection.accessToken();
    service.instead = (response, request) => {
      if (request.url?.endsWith("/dpop-proof")) return sendProblem(response, 409, { code: "access_token_not_bound" });
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...TOKEN, access_token: tokenOf(2), generation: 2 }));
    };
    expect(await (await connection.fetch(api.url)).text()).toBe(`Bearer ${tokenOf(2)} undefined`);
  });

  it("is sent once more with the nonce that the API wants, which is remembered", async () => {
    const { service, api, connection } = await start({ nonce: "n-1" });
    for (let n = 0; n < 2; n++) expect((await connection.fetch(api.url)).status).toBe(200);
    const url = api.url;
    expect(service.reports).toEqual([
      { method: "GET", url },
      { method: "GET", url, nonce: "n-1" },
      { method: "GET", url, nonce: "n-1" },
    ]);
    expect(api.calls).toHaveLength(3);
  });

  it("is not reported because of its proof: the second refusal is the caller's answer", async () => {
    const { service, api, connection } = await start();
    const challenge = { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n" };
    api.instead = (response) => void response.writeHead(401, challenge).end("no");
    expect(await (await connection.fetch(api.url)).text()).toBe("no");
    expect(api.calls).toHaveLength(2);
    expect(service.calls.filter((call) => call.includes("rejected"))).toEqual([]);
  });

  it("cannot be sent again with a body that can be read only once", async () => {
    const { api, connection } = await start({ nonce: "n-1" });
    const body = new Blob(["x"]).stream();
    await expect(connection.fetch(api.url, { method: "POST", body })).rejects.toThrow(ReplayImpossibleError);
  });
});

it("a proof is to be had for another HTTP client", async () => {
  const { connection } = await start();
  const wanted = { method: "GET", url: "https://api.example/", nonce: "n" };
  await expect(connection.dpopProof(wanted)).resolves.toEqual({ proof: "proof-1-of-1", generation: 1 });
});

it.each([{}, { proof: "a b", generation: 1 }, { proof: "p", generation: "1" }])(
  "an answer of %j is no proof",
  async (answer) => {
    const { service, connection } = await start();
    service.instead = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ connection_id: "con_1", ...answer }));
    };
    const asked = connection.dpopProof({ method: "GET", url: "https://api.example/" });
    await expect(asked).rejects.toMatchObject({ code: "unexpected_response" });
  },
);
