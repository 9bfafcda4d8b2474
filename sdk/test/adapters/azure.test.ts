import { KeyClient } from "@azure/keyvault-keys";
import { expect, it } from "vitest";
import { azureCredential } from "../../src/adapters/microsoft.ts";
import { ReauthorizationRequiredError } from "../../src/index.ts";
import { caughtEvergrantError } from "../caught.ts";
import { inSeconds, sendProblem, startEvergrantService, tokenOf } from "../evergrant-service.ts";
import { listen } from "../listen.ts";

const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}';

/** A key vault that takes tokens from `takesFrom` on, and challenges older ones for claims. */
async function startVault() {
  const tokens: (string | undefined)[] = [];
  const vault = { url: "", tokens, takesFrom: 1 };
  vault.url = await listen((request, response) => {
    const token = request.headers.authorization?.replace("Bearer ", "");
    tokens.push(token);
    const headers = { "content-type": "application/json" };
    const generation = Number(/^at-(\d+)-/.exec(token ?? "")?.[1]);
    if (generation >= vault.takesFrom) {
      const kid = "https://vault.vault.azure.net/keys/one/1";
      return void response.writeHead(200, headers).end(JSON.stringify({ key: { kid, kty: "RSA" }, attributes: {} }));
    }
    const where = 'authorization="https://login.microsoftonline.com/t-1", resource="https://vault.azure.net"';
    const claims = `error="insufficient_claims", claims="${Buffer.from(CLAIMS).toString("base64")}"`;
    const challenge = token === undefined ? `Bearer ${where}` : `Bearer ${claims}`;
    response.writeHead(401, { ...headers, "www-authenticate": challenge }).end("{}");
  });
  return vault;
}

async function start() {
  const [service, vault] = await Promise.all([startEvergrantService(), startVault()]);
  const credential = azureCredential(service.connect());
  const options = { disableChallengeResourceVerification: true, allowInsecureConnection: true };
  return { service, vault, credential, client: new KeyClient(vault.url, credential, options) };
}

it("a client of Azure gets the token of the connection, with its true end", async () => {
  const { service, vault, credential, client } = await start();
  service.answer = { expires_at: "2031-05-06T07:08:09Z" };
  expect((await client.getKey("one")).name).toBe("one");
  expect(vault.tokens).toEqual([undefined, tokenOf(1)]);
  const token = await credential.getToken("https://vault.azure.net/.default");
  expect(token).toEqual({ token: tokenOf(1), expiresOnTimestamp: Date.UTC(2031, 4, 6, 7, 8, 9) });
  expect(service.calls).toHaveLength(1);
});

it("claims that the API challenges for are passed on, and the request is repeated with a newer token", async () => {
  const { service, vault, client } = await start();
  await client.getKey("one");
  vault.takesFrom = 2;
  expect((await client.getKey("one")).name).toBe("one");
  expect(vault.tokens.slice(2)).toEqual([tokenOf(1), tokenOf(2)]);
  const www_authenticate = `Bearer error="insufficient_claims", claims="${Buffer.from(CLAIMS).toString("base64")}"`;
  expect(service.reports).toEqual([{ generation: 1, status: 401, www_authenticate }]);
});

it("claims that only a person can bring end in an error with the link", async () => {
  const { service, vault, client } = await start();
  await client.getKey("one");
  vault.takesFrom = 2;
  service.instead = (response) =>
    sendProblem(response, 409, { code: "reauthorization_required", reauthorization_url: "https://example.test/" });
  const error = await caughtEvergrantError(client.getKey("one"));
  expect(error).toBeInstanceOf(ReauthorizationRequiredError);
  expect(error.reauthorizationUrl).toBe("https://example.test/");
});

it("a credential asked for claims before anything else reports the token that there is", async () => {
  const { service, credential } = await start();
  service.answer = { expires_at: null };
  const before = Date.now();
  const { token, expiresOnTimestamp } = await credential.getToken([], { claims: CLAIMS, abortSignal: {} });
  expect(token).toBe(tokenOf(2));
  expect(expiresOnTimestamp).toBeGreaterThanOrEqual(before + 300_000);
  expect(expiresOnTimestamp).toBeLessThan(Date.parse(inSeconds(301)));
});

it("a caller who gives up waits no longer", async () => {
  const { credential, service } = await start();
  const aborted = credential.getToken([], { abortSignal: AbortSignal.abort(new Error("enough")) });
  await expect(aborted).rejects.toThrow("enough");
  expect(service.calls).toEqual([]);
});
