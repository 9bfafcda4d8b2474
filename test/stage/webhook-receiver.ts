import type { IncomingMessage, ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { startPageServer } from "./page-server.ts";

const bodySchema = z.object({ type: z.string(), timestamp: z.string(), data: z.record(z.string(), z.unknown()) });

/** One request, as it came. */
export interface ReceivedMessage {
  headers: Record<string, string>;
  text: string;
  id: string;
  type: string;
  data: Record<string, unknown>;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedMessage[];
  /** What it answers from now on; 204 in the beginning. */
  answer(answer: (response: ServerResponse) => void): void;
}

/** Takes messages in on the loopback, whatever they are signed with. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedMessage[] = [];
  let answer = accept;
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const { type, data } = bodySchema.parse(JSON.parse(text));
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    received.push({ headers, text, id: headers["webhook-id"] ?? "", type, data });
    answer(response);
  }
  const origin = await startPageServer((request, response) => void take(request, response));
  return { url: `${origin}/hook`, received, answer: (next) => void (answer = next) };
}

function accept(response: ServerResponse): void {
  response.writeHead(204).end();
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** Does the library of the standard accept it? */
export function isSignedWith(secret: string, { headers, text }: ReceivedMessage): boolean {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}
