import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { deferred, type Deferred } from "../../src/runtime/deferred.ts";
import { startPageServer } from "../stage/page-server.ts";

/** An authorization server that remembers every secret that it gave away or was given, by kind and number. */
export interface CanaryProvider {
  origin: string;
  entry: Record<string, unknown>;
  secrets: ReadonlyMap<string, string>;
  /** What the token endpoint says, instead of tokens, to the next refresh; a function of the refresh token that was sent. */
  refuseOnce(answer: (sent: string) => { status: number; body: string }): void;
  /** Keeps the next refresh waiting, after it has acted; resolves when that has come. */
  hold(): { arrived: Promise<void>; release(): void };
}

export async function startCanaryProvider(): Promise<CanaryProvider> {
  const secrets = new Map<string, string>();
  let nonce = "";
  let refusal: ((sent: string) => { status: number; body: string }) | null = null;
  let held: { arrived: Deferred<void>; released: Deferred<void> } | null = null;
  const count = (kind: string) => [...secrets.keys()].filter((name) => name.startsWith(kind)).length;

  function remember(kind: string, secret: string | null): string {
    const isNew = secret !== null && ![...secrets.values()].includes(secret);
    if (isNew) secrets.set(`${kind} ${count(kind) + 1}`, secret);
    return secret ?? "";
  }

  const issue = (kind: string) => remember(kind, `canary-${kind.replaceAll(" ", "-")}/+=${randomUUID()}`);

  function authorize(asked: URLSearchParams): string {
    nonce = asked.get("nonce") ?? "";
    const back = new URL(asked.get("redirect_uri") ?? "");
    back.searchParams.set("code", issue("authorization code"));
    back.searchParams.set("state", remember("state", asked.get("state")));
    return back.href;
  }

  function idToken(clientId: string | null): string {
    const claims = { iss: provider.origin, aud: clientId, nonce, sub: "alice", jti: randomUUID() };
    return ["{}", JSON.stringify(claims), randomUUID()]
      .map((part) => Buffer.from(part).toString("base64url"))
      .join(".");
  }

  async function grant(form: URLSearchParams): Promise<{ status: number; body: string }> {
    const sent = form.get("refresh_token");
    remember("PKCE verifier", form.get("code_verifier"));
    if (sent !== null && refusal) {
      const refused = refusal(sent);
      refusal = null;
      return refused;
    }
    const tokens = {
      access_token: issue("access token"),
      refresh_token: issue(sent !== null && held ? "spare" : "refresh token"),
      id_token: remember("ID token", idToken(form.get("client_id"))),
      token_type: "Bearer",
      expires_in: 3600,
    };
    if (sent !== null && held) {
      const { arrived, released } = held;
      held = null;
      arrived.resolve();
      await released.promise;
    }
    return { status: 200, body: JSON.stringify(tokens) };
  }

  async function answer(url: URL, form: URLSearchParams): Promise<{ status: number; body: string; location?: string }> {
    switch (url.pathname) {
      case "/authorize":
        return { status: 302, body: "", location: authorize(url.searchParams) };
      case "/token":
        return grant(form);
      case "/userinfo":
        return { status: 200, body: JSON.stringify({ sub: "alice", email: "a@example.com", key: issue("userinfo") }) };
      default:
        return { status: 200, body: "{}" };
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readText(request));
    const { status, body, location } = await answer(new URL(request.url ?? "", "http://canary.invalid"), form);
    response.writeHead(status, { "content-type": "application/json", ...(location !== undefined && { location }) });
    response.end(body);
  }

  const provider: CanaryProvider = {
    origin: await startPageServer((request, response) => void serve(request, response)),
    entry: {},
    secrets,
    refuseOnce: (make) => (refusal = make),
    hold: () => {
      const [arrived, released] = [deferred<void>(), deferred<void>()];
      held = { arrived, released };
      return { arrived: arrived.promise, release: () => released.resolve() };
    },
  };
  const { origin } = provider;
  provider.entry = {
    name: "Canary",
    issuer: origin,
    authorization_url: `${origin}/authorize`,
    token_url: `${origin}/token`,
    userinfo_url: `${origin}/userinfo`,
    revocation_url: `${origin}/revoke`,
    authentication: "client_secret_post",
    identity_scopes: ["openid"],
    identity: { from: "id_token" },
  };
  return provider;
}
