import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import type { Gate } from "../stage/gate.ts";
import { listen, type Identity } from "../stage/page-server.ts";

/** A token endpoint over HTTP, for token sets that come from elsewhere: `rt-0`, then `rt-1`… A second use ends the family. */
export interface RotatingEndpoint {
  origin: string;
  /** The refresh tokens that came, in order. */
  readonly sent: readonly string[];
  /** Answers wait for it, when set. The server has acted by then. */
  gate: Gate | null;
}

/** With an identity, which has to be that of `localhost`, it speaks TLS. */
export async function startRotatingEndpoint(identity?: Identity): Promise<RotatingEndpoint> {
  const sent: string[] = [];
  let issued = 0;
  let punished = false;

  function answerTo(refreshToken: string): { status: number; body: object } {
    sent.push(refreshToken);
    if (refreshToken !== `rt-${issued}`) punished = true;
    if (punished) return { status: 400, body: { error: "invalid_grant" } };
    issued++;
    return { status: 200, body: { access_token: `at-${issued}`, refresh_token: `rt-${issued}`, expires_in: 3600 } };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = answerTo(new URLSearchParams(await readText(request)).get("refresh_token") ?? "");
    await endpoint.gate?.passed();
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  const endpoint: RotatingEndpoint = { origin: "", sent, gate: null };
  const port = await listen((request, response) => void serve(request, response), identity);
  endpoint.origin = identity ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  return endpoint;
}

/** The entry of a provider with that endpoint, and nothing that a check could ask instead. */
export function entryOf({ origin }: Pick<RotatingEndpoint, "origin">): Record<string, string> {
  return { name: "Elsewhere", authorization_url: `${origin}/authorize`, token_url: `${origin}/token` };
}
