import { startScriptedProvider, tokens } from "../../field/scripted-provider.ts";

/** An authorization server of many users, whose administrator can take back everybody's consent at once. */
export interface RevocableProvider {
  /** Its entry in the catalogue. */
  entry: Record<string, unknown>;
  /** Whatever was issued until now is refused. */
  revokeAll(): void;
  /** Whoever consents from now on is this user. */
  signsIn(user: string): void;
}

/** Before the revocation it takes any refresh token, and replaces it. */
export async function startRevocableProvider(): Promise<RevocableProvider> {
  const provider = await startScriptedProvider();
  let good: Set<string> | null = null;
  let issued = 0;
  provider.token = (form) => {
    const sent = form.get("refresh_token");
    if (sent !== null && good?.has(sent) === false) return REFUSED;
    const next = tokens(++issued);
    good?.add(`rt-${issued}`);
    return { body: next };
  };
  const { origin } = provider;
  return {
    entry: {
      name: "Files",
      authorization_url: `${origin}/authorize`,
      token_url: `${origin}/token`,
      userinfo_url: `${origin}/userinfo`,
      identity: { from: "userinfo" },
    },
    revokeAll: () => void (good = new Set()),
    signsIn: (user) => {
      provider.userinfo = () => ({ body: { sub: user, email: user } });
    },
  };
}

const REFUSED = { status: 400, body: { error: "invalid_grant", error_description: "The consent was revoked." } };
