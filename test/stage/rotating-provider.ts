import { startPageServer } from "./page-server.ts";

/** A token endpoint that replaces each refresh token it knows, once, and says `invalid_grant` to every other. */
export interface RotatingProvider {
  /** Its entry in the catalogue. */
  entry: Record<string, unknown>;
  /** A refresh token of a new grant. */
  issue(): string;
  /** Refreshes as somebody else does, and returns what that brought; null where it is refused. */
  refresh(token: string): string | null;
  /** Those that it would accept now. */
  living(): string[];
  /** How often it was asked over HTTP. */
  asked: number;
}

export async function startRotatingProvider(fields: Record<string, unknown> = {}): Promise<RotatingProvider> {
  const living = new Set<string>();
  let made = 0;
  const issue = (): string => {
    const token = `made-up-rt-${++made}`;
    living.add(token);
    return token;
  };
  const refresh = (token: string): string | null => (living.delete(token) ? issue() : null);
  const provider: RotatingProvider = { entry: {}, issue, refresh, living: () => [...living], asked: 0 };
  const origin = await startPageServer((request, response) => {
    provider.asked++;
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const next = refresh(new URLSearchParams(body).get("refresh_token") ?? "");
      const answer =
        next === null ? { error: "invalid_grant" } : { access_token: `at-of-${next}`, refresh_token: next };
      response.writeHead(next === null ? 400 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...answer, ...(next !== null && { expires_in: 3600, token_type: "Bearer" }) }));
    });
  });
  provider.entry = {
    name: "Rotating",
    authorization_url: `${origin}/authorize`,
    token_url: `${origin}/token`,
    ...fields,
  };
  return provider;
}
