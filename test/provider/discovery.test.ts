import { describe, expect, test } from "vitest";
import { discoverProvider } from "../../src/provider/discovery.ts";
import { freePort } from "../stage/free-port.ts";
import { openTransport, serveHttp } from "../network/loopback.ts";
import { providerEntry } from "./entry.ts";

/** An issuer at a real server that publishes `documents`, by path; a function gets the issuer. */
async function publish(documents: Record<string, (issuer: string) => object | string>, path = "") {
  let issuer = "";
  const server = await serveHttp((request, response) => {
    const document = documents[request.url ?? ""]?.(issuer);
    response.writeHead(document === undefined ? 404 : 200);
    response.end(typeof document === "string" ? document : JSON.stringify(document ?? { message: "no such page" }));
  });
  issuer = `http://${server.host}${path}`;
  return { issuer, paths: server.paths };
}

function metadata(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
  };
}

const OPENID = "/.well-known/openid-configuration";
const OAUTH = "/.well-known/oauth-authorization-server";

function discover(issuer: string) {
  return discoverProvider(openTransport(), "acme", "Acme", issuer);
}

/** What discovery fails with when the places answered so. */
function failed(answers: string) {
  return { code: "discovery_failed", message: expect.stringContaining(`(${answers})`) };
}

/** The entry made from this metadata. */
async function discovered(more: object) {
  const { issuer } = await publish({ [OPENID]: (self) => ({ ...metadata(self), ...more }) });
  return discover(issuer);
}

describe("an entry made from an issuer's metadata", () => {
  test("has its endpoints, and assumes nothing that it does not say", async () => {
    const { issuer, paths } = await publish({ [OPENID]: metadata });
    expect(await discover(issuer)).toEqual(
      providerEntry({ issuer, authorization_url: `${issuer}/authorize`, token_url: `${issuer}/token` }),
    );
    expect(paths).toEqual([OPENID]);
  });

  test("has everything that an OpenID provider says", async () => {
    const { issuer } = await publish({
      [OPENID]: (self) => ({
        ...metadata(self),
        revocation_endpoint: `${self}/revoke`,
        userinfo_endpoint: `${self}/me`,
        scopes_supported: ["openid", "email", "profile", "offline_access"],
        token_endpoint_auth_methods_supported: ["client_secret_post"],
        authorization_response_iss_parameter_supported: true,
      }),
    });
    expect(await discover(issuer)).toMatchObject({
      issuer,
      revocation_url: `${issuer}/revoke`,
      userinfo_url: `${issuer}/me`,
      iss_parameter: true,
      authentication: "client_secret_post",
      identity_scopes: ["openid", "email"],
      offline_access: { scopes: ["offline_access"], parameters: { prompt: "consent" } },
      identity: { from: "id_token" },
    });
  });

  test("asks for offline_access only where it is a scope (OIDC Core §11)", async () => {
    const { offline_access: offlineAccess } = await discovered({ scopes_supported: ["openid"] });
    expect(offlineAccess).toEqual({ scopes: [], parameters: {} });
  });

  test.each([
    ["the userinfo endpoint where there is no OpenID", { userinfo_endpoint: "https://as.example/me" }, "userinfo"],
    ["the ID token where there is OpenID", { scopes_supported: ["openid"] }, "id_token"],
    ["nothing where there is neither", { scopes_supported: ["email"] }, "none"],
  ])("knows the account from %s", async (_what, more, from) => {
    const provider = await discovered(more);
    expect(provider.identity.from).toBe(from);
    expect(provider.identity_scopes).toEqual(from === "id_token" ? ["openid"] : []);
  });

  test.each([
    [undefined, "client_secret_basic"],
    [["client_secret_post", "client_secret_basic"], "client_secret_basic"],
    [["private_key_jwt", "client_secret_post"], "client_secret_post"],
    [["none", "client_secret_post"], "client_secret_post"],
    [["none"], "none"],
  ])("authenticates, of %j (RFC 8414 §2), with %s", async (supported, method) => {
    const provider = await discovered({ token_endpoint_auth_methods_supported: supported });
    expect(provider.authentication).toBe(method);
  });
});

describe("the metadata is found", () => {
  test("at the place of RFC 8414 §3.1 when it is not at that of OpenID", async () => {
    const { issuer, paths } = await publish({ [OAUTH]: metadata });
    expect((await discover(issuer)).token_url).toBe(`${issuer}/token`);
    expect(paths).toEqual([OPENID, OAUTH]);
  });

  test("at the place of RFC 8414 §3.1 when that of OpenID answers with a page", async () => {
    const { issuer } = await publish({ [OPENID]: () => "<html>", [OAUTH]: metadata });
    expect((await discover(issuer)).token_url).toBe(`${issuer}/token`);
  });

  test.each([`/t1${OPENID}`, `${OAUTH}/t1`])("for an issuer with a path at %s", async (place) => {
    const { issuer } = await publish({ [place]: metadata }, "/t1");
    expect((await discover(issuer)).issuer).toBe(issuer);
  });
});

describe("discovery fails, and says how each place answered", () => {
  test("when there is nothing", async () => {
    const { issuer } = await publish({});
    await expect(discover(issuer)).rejects.toMatchObject(failed("HTTP 404; HTTP 404"));
  });

  test("when there are only pages", async () => {
    const { issuer } = await publish({ [OPENID]: () => "<html>", [OAUTH]: () => "<html>" });
    const reasons = "not metadata of this issuer; not metadata of this issuer";
    await expect(discover(issuer)).rejects.toMatchObject(failed(reasons));
  });

  test("when it speaks for another issuer (RFC 8414 §3.3)", async () => {
    const { issuer } = await publish({ [OPENID]: () => metadata("https://evil.example") });
    await expect(discover(issuer)).rejects.toMatchObject(failed("not metadata of this issuer; HTTP 404"));
  });

  test.each([203, 401, 500])("when the metadata comes under HTTP %i instead of 200 (RFC 8414 §3.2)", async (status) => {
    const server = await serveHttp((request, response) => {
      response.writeHead(status).end(JSON.stringify(metadata(`http://${request.headers.host ?? ""}`)));
    });
    const answers = `HTTP ${status}; HTTP ${status}`;
    await expect(discover(`http://${server.host}`)).rejects.toMatchObject(failed(answers));
  });

  test("when it leads elsewhere, which is not followed", async () => {
    const target = await serveHttp((_request, response) => response.end());
    const server = await serveHttp((_request, response) =>
      response.writeHead(302, { location: `http://${target.host}/` }).end(),
    );
    await expect(discover(`http://${server.host}`)).rejects.toMatchObject(failed("HTTP 302; HTTP 302"));
    expect(target.paths).toEqual([]);
  });

  test("when the server is not there", async () => {
    const issuer = `http://127.0.0.1:${await freePort()}`;
    await expect(discover(issuer)).rejects.toMatchObject(failed("refused; refused"));
  });

  test("when the server is private", async () => {
    const reasons = "blocked_address; blocked_address";
    await expect(discover("https://169.254.169.254/latest")).rejects.toMatchObject(failed(reasons));
  });
});
