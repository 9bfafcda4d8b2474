import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import type { Provider } from "../../src/provider/provider.ts";
import { builtInProviderAt } from "../stage/built-in-provider.ts";
import { startPageServer } from "../stage/page-server.ts";

export interface Reply {
  status?: number;
  /** A text is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** An authorization server over HTTP whose users consent at once, and whose answers are the test's. */
export interface ScriptedProvider {
  origin: string;
  /** What users were sent with, in order. */
  readonly authorizations: readonly URLSearchParams[];
  /** The token requests, in order. */
  readonly tokenRequests: readonly URLSearchParams[];
  readonly revocations: readonly URLSearchParams[];
  /** What the token endpoint says from now on. */
  token: (form: URLSearchParams) => Reply;
  /** What the revocation endpoint says from now on. */
  revocation: () => Reply;
  /** What the userinfo endpoint says from now on. */
  userinfo: () => Reply;
}

/** Before a test says otherwise, every grant brings `at-1`, `rt-1`, then `at-2`, `rt-2`… for the account `alice`. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const authorizations: URLSearchParams[] = [];
  const tokenRequests: URLSearchParams[] = [];
  const revocations: URLSearchParams[] = [];
  const provider: ScriptedProvider = {
    origin: "",
    authorizations,
    tokenRequests,
    revocations,
    token: () => ({ body: tokens(tokenRequests.length) }),
    revocation: () => ({}),
    userinfo: () => ({ body: { sub: "alice", email: "alice@example.com" } }),
  };

  function authorize(url: URL): Reply {
    authorizations.push(url.searchParams);
    const back = new URL(url.searchParams.get("redirect_uri") ?? "");
    back.searchParams.set("code", `code-${authorizations.length}`);
    back.searchParams.set("state", url.searchParams.get("state") ?? "");
    return { status: 302, headers: { location: back.href } };
  }

  function replyTo(url: URL, form: URLSearchParams): Reply {
    switch (url.pathname) {
      case "/authorize":
        return authorize(url);
      case "/token":
        tokenRequests.push(form);
        return provider.token(form);
      case "/revoke":
        revocations.push(form);
        return provider.revocation();
      default:
        return provider.userinfo();
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readText(request));
    const { status = 200, body = "", headers } = replyTo(new URL(request.url ?? "", provider.origin), form);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  provider.origin = await startPageServer((request, response) => void serve(request, response));
  return provider;
}

/** What a token endpoint gives for its `count`th grant. */
export function tokens(count: number): Record<string, unknown> {
  return { access_token: `at-${count}`, refresh_token: `rt-${count}`, token_type: "Bearer", expires_in: 3600 };
}

/** The entry of the catalogue for that provider, as the API takes it. */
export function entryFor({ origin }: Pick<ScriptedProvider, "origin">, builtIn: string): Partial<Provider> {
  const { id: _, confidence: __, verified_on: ___, ...entry } = builtInProviderAt(origin, builtIn);
  return entry;
}

/** An ID token for whoever was sent to the provider last. */
export function idTokenOf(provider: ScriptedProvider, claims: Record<string, unknown>): string {
  const { origin, authorizations } = provider;
  const asked = authorizations.at(-1);
  const payload = { iss: origin, aud: asked?.get("client_id"), nonce: asked?.get("nonce"), ...claims };
  return ["{}", JSON.stringify(payload), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
}
