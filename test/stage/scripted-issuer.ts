import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import { startPageServer } from "./page-server.ts";

export type Claims = Record<string, unknown>;

/** An OpenID provider over HTTP whose users sign in at once, and whose answers are the test's. */
export interface ScriptedIssuer {
  origin: string;
  /** Over what the metadata says otherwise. */
  metadata: Claims;
  /** Over what the authorization response says otherwise; what is undefined is left out. */
  answer: Record<string, string | undefined>;
  /** Over what the next ID tokens say otherwise; what is undefined is left out. */
  claims: Claims;
  userinfo: Claims;
  /** Makes the ID token. */
  sign: (claims: Claims) => Promise<string>;
  /** Makes a new key and signs with it from now on; the former is not published any more. */
  changeKey(): Promise<void>;
  /** What it signs with. */
  published: JWK;
  /** What browsers were sent with. */
  readonly authorizations: readonly URLSearchParams[];
  /** The token requests, and who sent them by their `Authorization`. */
  readonly tokenRequests: readonly { form: URLSearchParams; authorization: string | undefined }[];
  /** How often its metadata and its keys were asked for. */
  readonly asked: { metadata: number; keys: number };
}

export async function startScriptedIssuer(): Promise<ScriptedIssuer> {
  const authorizations: URLSearchParams[] = [];
  const tokenRequests: { form: URLSearchParams; authorization: string | undefined }[] = [];
  const issuer: ScriptedIssuer = {
    origin: "",
    metadata: {},
    answer: {},
    claims: { email: "alice@example.com", email_verified: true },
    userinfo: {},
    sign: () => Promise.resolve(""),
    published: {},
    changeKey: async () => {
      const kid = `key-${Math.random()}`;
      const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
      issuer.published = { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" };
      issuer.sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
    },
    authorizations,
    tokenRequests,
    asked: { metadata: 0, keys: 0 },
  };

  function authorize(asked: URLSearchParams): string {
    authorizations.push(asked);
    const back = new URL(asked.get("redirect_uri") ?? "");
    const answer = { code: `code-${authorizations.length}`, state: asked.get("state") ?? "", iss: issuer.origin };
    for (const [name, value] of Object.entries({ ...answer, ...issuer.answer })) {
      if (value !== undefined) back.searchParams.set(name, value);
    }
    return back.href;
  }

  /** PKCE and the redirect URI are checked, as a real one does (RFC 7636 §4.6, RFC 6749 §4.1.3). */
  async function exchange(form: URLSearchParams): Promise<[number, object]> {
    const asked = authorizations[Number(form.get("code")?.slice("code-".length)) - 1];
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const fits = asked?.get("code_challenge") === challenge && asked.get("redirect_uri") === form.get("redirect_uri");
    if (!asked || !fits) return [400, { error: "invalid_grant" }];
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: issuer.origin, sub: "alice-1", aud: asked.get("client_id"), nonce: asked.get("nonce") };
    const claims = { ...usual, iat: now, exp: now + 300, ...issuer.claims };
    const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    return [200, { access_token: "at", token_type: "Bearer", id_token: await issuer.sign(present) }];
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", issuer.origin);
    const form = new URLSearchParams(await readText(request));
    const say = (status: number, body: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        issuer.asked.metadata++;
        return say(200, { ...metadataOf(issuer.origin), ...issuer.metadata });
      case "/keys":
        issuer.asked.keys++;
        return say(200, { keys: [issuer.published] });
      case "/authorize":
        return void response.writeHead(302, { location: authorize(url.searchParams) }).end();
      case "/token":
        tokenRequests.push({ form, authorization: request.headers.authorization });
        return say(...(await exchange(form)));
      case "/userinfo":
        return say(200, issuer.userinfo);
      default:
        return say(404, {});
    }
  }

  issuer.origin = await startPageServer((request, response) => void serve(request, response));
  await issuer.changeKey();
  return issuer;
}

function metadataOf(origin: string): Claims {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/keys`,
    userinfo_endpoint: `${origin}/userinfo`,
    authorization_response_iss_parameter_supported: true,
  };
}
