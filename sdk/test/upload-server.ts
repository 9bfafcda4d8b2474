import type { IncomingMessage, ServerResponse } from "node:http";
import { listen } from "./listen.ts";

/** A server that keeps what it takes, in one session, and fails as it is told. */
export interface UploadServer {
  readonly url: string;
  /** Every request as "METHOD range", in order. */
  readonly calls: string[];
  bytes: Buffer;
  /** Answers to the next requests in place of the protocol: a status, or "cut" to take the bytes and drop the connection. */
  readonly faults: (number | "cut" | undefined)[];
}

type Protocol = (server: UploadServer, request: IncomingMessage, body: Buffer, size: number) => Answer;

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
}

export async function startUploadServer(protocol: Protocol, size: number): Promise<UploadServer> {
  const url = await listen((request, response) => void take(request, response));
  const server: UploadServer = { url, calls: [], bytes: Buffer.alloc(0), faults: [] };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    server.calls.push(`${request.method} ${request.headers["content-range"]}`);
    const fault = server.faults.shift();
    if (typeof fault === "number") return void response.writeHead(fault, { "retry-after": "0" }).end();
    const { status, headers = {}, json } = protocol(server, request, Buffer.concat(chunks), size);
    if (fault === "cut") return void response.destroy();
    response.writeHead(status, headers).end(json === undefined ? undefined : JSON.stringify(json));
  }

  return server;
}

/** The bytes of a `Content-Range`, if they continue what is there. */
function append(server: UploadServer, request: IncomingMessage, body: Buffer): boolean {
  const first = /^bytes (\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
  if (first === undefined || Number(first) !== server.bytes.length) return false;
  server.bytes = Buffer.concat([server.bytes, body]);
  return true;
}

export const google: Protocol = (server, request, body, size) => {
  append(server, request, body);
  const { length } = server.bytes;
  if (length === size) return { status: 200, json: { id: "file" } };
  return { status: 308, headers: length > 0 ? { range: `bytes=0-${length - 1}` } : {} };
};

export const graph: Protocol = (server, request, body, size) => {
  const wrong = request.method === "PUT" && !append(server, request, body);
  const { length } = server.bytes;
  if (wrong) return { status: 416, json: { error: { code: "invalidRange" } } };
  if (length === size) return { status: 201, json: { id: "file" } };
  return { status: request.method === "PUT" ? 202 : 200, json: { nextExpectedRanges: [`${length}-`] } };
};

export const tus: Protocol = (server, request, body) => {
  if (request.headers["tus-resumable"] !== "1.0.0") return { status: 412 };
  if (request.method === "PATCH") {
    if (Number(request.headers["upload-offset"]) !== server.bytes.length) return { status: 409 };
    server.bytes = Buffer.concat([server.bytes, body]);
  }
  const headers = { "upload-offset": String(server.bytes.length), "tus-resumable": "1.0.0" };
  return { status: request.method === "PATCH" ? 204 : 200, headers };
};
