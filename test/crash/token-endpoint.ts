import { randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";

/** A token endpoint that notes when requests arrive, and rotates whatever it is given; or says nothing at all. */
export interface TokenEndpoint {
  url: string;
  /** Epoch milliseconds, ascending. */
  arrivals: readonly number[];
  close(): Promise<void>;
}

const EXCHANGE_MS = 50;

export async function startTokenEndpoint(kind: "answers" | "hangs"): Promise<TokenEndpoint> {
  const arrivals: number[] = [];
  const server = createServer((request, response) => {
    arrivals.push(Date.now());
    request.resume();
    if (kind === "answers") setTimeout(() => answer(response), EXCHANGE_MS);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/token`,
    arrivals,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse): void {
  const [access_token, refresh_token] = [newToken(), newToken()];
  const body = JSON.stringify({ access_token, refresh_token, token_type: "Bearer", expires_in: 3600 });
  response.writeHead(200, { "content-type": "application/json" }).end(body);
}

function newToken(): string {
  return randomBytes(32).toString("base64url");
}
