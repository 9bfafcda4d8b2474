import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { deferred } from "../../../src/runtime/deferred.ts";
import { serveHttp } from "../../network/loopback.ts";

export interface KeyRequest {
  path: string;
  headers: IncomingMessage["headers"];
  /** The JSON that was sent; empty without one. */
  body: Record<string, string>;
}

export type Answer = (response: ServerResponse) => void;

export interface KeyServer {
  host: string;
  port: number;
  /** Those that asked for an operation; whatever comes before, to sign in for instance, does not count. */
  requests: KeyRequest[];
  /** What the next operations get instead of what they ask for. */
  instead: ((request: KeyRequest) => Answer)[];
}

/** A server that speaks one service's format. `first` answers what is no operation, and null to everything else. */
export async function serveKeys(
  operate: (request: KeyRequest) => Answer,
  first: (request: KeyRequest) => Answer | null = () => null,
): Promise<KeyServer> {
  const requests: KeyRequest[] = [];
  const instead: KeyServer["instead"] = [];
  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    const before = first(request);
    if (before) return before(response);
    requests.push(request);
    (instead.shift() ?? operate)(request)(response);
  }
  const server = await serveHttp((incoming, response) => void answer(incoming, response));
  return { host: server.host, port: server.port, requests, instead };
}

async function read(incoming: IncomingMessage): Promise<KeyRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  const body: unknown = text === "" ? {} : JSON.parse(text);
  const fields = Object.entries(body ?? {}).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { path: incoming.url ?? "", headers: incoming.headers, body: Object.fromEntries(fields) };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** No answer; says when the request has come, and when the client has given it up. */
export function silence() {
  const arrived = deferred<void>();
  const givenUp = deferred<void>();
  const answer: Answer = (response) => {
    response.on("close", () => givenUp.resolve());
    arrived.resolve();
  };
  return { answer, arrived: arrived.promise, givenUp: givenUp.promise };
}

/** A symmetric key that a service keeps to itself. */
export interface SymmetricKey {
  encrypt(plaintext: Uint8Array, context: string): Buffer;
  /** Null for what another key or another context encrypted. */
  decrypt(ciphertext: Uint8Array, context: string): Buffer | null;
}

export function createSymmetricKey(): SymmetricKey {
  const key = randomBytes(32);
  return {
    encrypt: (plaintext, context) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt: (ciphertext, context) => {
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, ciphertext.subarray(0, 12)).setAAD(Buffer.from(context));
        decipher.setAuthTag(ciphertext.subarray(-16));
        return Buffer.concat([decipher.update(ciphertext.subarray(12, -16)), decipher.final()]);
      } catch {
        return null;
      }
    },
  };
}
