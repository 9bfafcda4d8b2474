import { createHash, randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { createScriptedUser, startSandbox, type Sandbox, type SandboxOptions, type Visit } from "../src/index.ts";
import { startCallback } from "./site.ts";

/** An OAuth client of a sandbox, written without any library: what goes over the wire is what the test says. */
export interface ConnectedClient {
  redirectUri: string;
  /** Sends a user to the authorization endpoint. */
  authorize(changes?: Record<string, string>, user?: Person): Promise<Visit>;
  /** The whole code flow. */
  connect(changes?: Record<string, string>, user?: Person): Promise<Tokens>;
  token(form: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  refresh(refreshToken: string): Promise<Answer>;
  api(path: string, accessToken: string, request?: ApiRequest): Promise<Response>;
}

interface ApiRequest {
  method: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

interface Person {
  user: string;
  decision?: "allow" | "deny";
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export const clientId = "app";
export const clientSecret = "a secret: 100% & more";
export const basic = `Basic ${Buffer.from(
  `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`,
).toString("base64")}`;

const verifier = randomBytes(32).toString("base64url");
const challenge = createHash("sha256").update(verifier).digest("base64url");

/** Starts a sandbox with one client; both end with the test. */
export async function startConnectedClient(
  options: SandboxOptions = {},
): Promise<ConnectedClient & { sandbox: Sandbox }> {
  const redirectUri = await startCallback();
  const client = { clientId, clientSecret, redirectUris: [redirectUri] };
  const sandbox = await startSandbox({ clients: [client], ...options });
  onTestFinished(() => sandbox.close());
  return { sandbox, ...connectedClient(sandbox.url, redirectUri) };
}

/** The same for a sandbox that already runs, maybe in another process. */
export function connectedClient(url: string, redirectUri: string): ConnectedClient {
  const token: ConnectedClient["token"] = async (form, headers = { authorization: basic }) => {
    const response = await fetch(`${url}/token`, { method: "POST", body: new URLSearchParams(form), headers });
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };

  const authorize: ConnectedClient["authorize"] = (changes = {}, person = { user: "alice" }) => {
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: "code",
      redirect_uri: redirectUri,
      scope: "openid offline_access files.read files.write",
      prompt: "consent",
      state: "a state",
      code_challenge: challenge,
      code_challenge_method: "S256",
      ...changes,
    });
    return createScriptedUser(person).visit(`${url}/authorize?${query}`);
  };

  return {
    redirectUri,
    authorize,
    token,
    connect: async (changes, person) => {
      const visit = await authorize(changes, person);
      const answer = await token(codeForm(visit.url, redirectUri));
      return tokensIn(answer);
    },
    refresh: (refreshToken) => token({ grant_type: "refresh_token", refresh_token: refreshToken }),
    api: (path, accessToken, request = { method: "GET" }) => {
      const headers = { ...request.headers, authorization: `Bearer ${accessToken}` };
      return fetch(`${url}${path}`, { ...request, headers });
    },
  };
}

/** The token request that redeems the code a user came back with. */
export function codeForm(callbackUrl: string, redirectUri: string): Record<string, string> {
  const code = new URL(callbackUrl).searchParams.get("code");
  if (code === null) throw new Error(`no code in ${callbackUrl}`);
  return { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
}

/** The status codes in ascending order: of simultaneous requests it is open which comes first. */
export function statuses(answers: { status: number }[]): number[] {
  return answers.map(({ status }) => status).toSorted((one, other) => one - other);
}

export function tokensIn({ status, body }: Answer): Tokens {
  if (status !== 200) throw new Error(`the token endpoint said ${status} ${JSON.stringify(body)}`);
  return { accessToken: String(body.access_token), refreshToken: String(body.refresh_token) };
}
