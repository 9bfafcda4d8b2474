import { createHash, randomBytes } from "node:crypto";
import { createScriptedUser, type Sandbox } from "@evergrant/sandbox";
import { z } from "zod";
import type { Api } from "../stage/api.ts";

/** Accounts at the sandbox, connected by consent there and import here. */
export interface Accounts {
  /** A new account's connection. Null when the import was not answered: then nobody knows whether there is one. */
  connect(): Promise<string | null>;
  /** The refresh token that was imported for an account, by its id; also of imports that were not answered. */
  firstTokens(): ReadonlyMap<string, string>;
}

export interface AccountsOptions {
  sandbox: Sandbox;
  /** Clients of the same registration at the sandbox. */
  clients: readonly string[];
  api: Api;
  redirectUri: string;
}

/** How Evergrant is known at the sandbox. */
export const CLIENT_ID = "evergrant";
export const CLIENT_SECRET = "only-for-the-sandbox";

const tokenAnswer = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() });

export function createAccounts({ sandbox, clients, api, redirectUri }: AccountsOptions): Accounts {
  const firstTokens = new Map<string, string>();

  async function consent(): Promise<z.infer<typeof tokenAnswer>> {
    const verifier = randomBytes(32).toString("base64url");
    const query = new URLSearchParams({
      client_id: CLIENT_ID,
      response_type: "code",
      redirect_uri: redirectUri,
      scope: "openid offline_access files.read",
      prompt: "consent",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const { url } = await createScriptedUser({ user: "alice" }).visit(`${sandbox.url}/authorize?${query.toString()}`);
    const form = new URLSearchParams({
      grant_type: "authorization_code",
      code: new URL(url).searchParams.get("code") ?? "",
      redirect_uri: redirectUri,
      code_verifier: verifier,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    });
    const response = await fetch(`${sandbox.url}/token`, { method: "POST", body: form });
    return tokenAnswer.parse(await response.json());
  }

  return {
    connect: async () => {
      const { expires_in, access_token, refresh_token } = await consent();
      const id = `account-${firstTokens.size}`;
      firstTokens.set(id, refresh_token);
      const client = clients[firstTokens.size % clients.length];
      const body = { client, account: { id }, token_set: { access_token, refresh_token, expires_in } };
      const answer = await api("POST", "/v1/connections/import", body).catch(() => null);
      return answer?.status === 201 ? answer.at("id") : null;
    },
    firstTokens: () => firstTokens,
  };
}
