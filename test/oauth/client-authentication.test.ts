import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authenticateClient, type ClientAuthentication } from "../../src/oauth/client-authentication.ts";
import { refreshRequest } from "../../src/oauth/token-request.ts";
import { secret } from "../../src/runtime/secret.ts";

const ENDPOINT = "https://as.example/token";

async function prove(authentication: ClientAuthentication) {
  const form = new URLSearchParams();
  const headers = new Headers();
  await authenticateClient(authentication, ENDPOINT, form, headers);
  return { form: Object.fromEntries(form), headers: Object.fromEntries(headers) };
}

function basic(clientId: string, clientSecret: string) {
  return prove({ method: "client_secret_basic", clientId, clientSecret: secret(clientSecret) });
}

/** Reads an Authorization header as a server must: base64, then each half form-decoded (RFC 6749 §2.3.1, appendix B). */
function readBasic(authorization = ""): string[] {
  const pair = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString("utf8");
  const colon = pair.indexOf(":");
  const halves = [pair.slice(0, colon), pair.slice(colon + 1)];
  return halves.map((half) => new URLSearchParams(`v=${half}`).get("v") ?? "");
}

describe("client_secret_basic (RFC 6749 §2.3.1)", () => {
  test("is the example of RFC 6749 §2.3.1", async () => {
    const { form, headers } = await basic("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw");
    expect(headers).toEqual({ authorization: "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3" });
    expect(form).toEqual({});
  });

  test("form-encodes each half before base64, so that colons, plus signs and blanks survive", async () => {
    const { headers } = await basic("a:b c", "p+q%&é");
    const pair = Buffer.from(headers["authorization"]?.slice("Basic ".length) ?? "", "base64").toString();
    expect(pair).toBe("a%3Ab+c:p%2Bq%25%26%C3%A9");
  });

  test("a server reads any id and any secret back as they were", async () => {
    const text = fc.string({ unit: "grapheme" });
    const property = fc.asyncProperty(text, text, async (clientId, clientSecret) => {
      const { headers } = await basic(`c${clientId}`, `s${clientSecret}`);
      expect(readBasic(headers["authorization"])).toEqual([`c${clientId}`, `s${clientSecret}`]);
    });
    await fc.assert(property);
  });
});

test("client_secret_post puts both into the form and nothing into the headers (RFC 6749 §2.3.1)", async () => {
  const clientSecret = secret("p+q %");
  const { form, headers } = await prove({ method: "client_secret_post", clientId: "a:b", clientSecret });
  expect(form).toEqual({ client_id: "a:b", client_secret: "p+q %" });
  expect(headers).toEqual({});
});

test("a public client names itself in the form (RFC 6749 §3.2.1)", async () => {
  const { form, headers } = await prove({ method: "none", clientId: "a" });
  expect(form).toEqual({ client_id: "a" });
  expect(headers).toEqual({});
});

test("an assertion is for the endpoint that it is sent to, and names the client twice (RFC 7521 §4.2)", async () => {
  const { form, headers } = await prove({
    method: "private_key_jwt",
    clientId: "a",
    assertFor: async (endpoint) => secret(`for ${endpoint}`),
  });
  expect(form).toEqual({
    client_id: "a",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: `for ${ENDPOINT}`,
  });
  expect(headers).toEqual({});
});

test.each(["tls_client_auth", "self_signed_tls_client_auth"] as const)(
  "with %s the form only names the client, and the certificate goes with the request (RFC 8705 §2)",
  async (method) => {
    const clientCertificate = { certificate: "-----BEGIN CERTIFICATE-----", privateKey: secret("k") };
    const authentication = { method, clientId: "a", clientCertificate };
    expect(await prove(authentication)).toEqual({ form: { client_id: "a" }, headers: {} });
    const grant = { refreshToken: secret("r"), redirectUri: "https://app.example/", scope: "" };
    expect(await refreshRequest(ENDPOINT, authentication, grant)).toMatchObject({ clientCertificate });
  },
);
