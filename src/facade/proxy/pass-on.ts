import { pipeline } from "node:stream/promises";
import type { FastifyReply } from "fastify";
import type { ApiAnswer, HeaderLines } from "../../oauth/api-transport.ts";
import { headersForCaller, trailersForCaller } from "./headers.ts";
import { throughProxy, type ProxiedAddress } from "./links.ts";

/**
 * Passes an answer on as it comes, no faster than the caller takes it. Rejects when the API or the caller breaks off; the caller's
 * connection then has ended, so that half of an answer is not taken for the whole.
 */
export async function passOn(
  { status, reason, headers, body, trailers }: ApiAnswer,
  response: FastifyReply["raw"],
  address: ProxiedAddress,
  onBytes: (count: number) => void,
): Promise<void> {
  response.writeHead(status, reason, throughProxy(headersForCaller(headers), address).flat());
  // What is streamed may be long in coming.
  response.flushHeaders();
  await pipeline(counted(body, onBytes), response, { end: false });
  response.addTrailers(written(trailersForCaller(trailers())));
  response.end();
}

/** RFC 8297: hints, and nothing that a caller has to see. */
export function passOnInterim(status: number, headers: HeaderLines, response: FastifyReply["raw"]): void {
  if (response.headersSent || response.req.httpVersionMinor === 0) return;
  if (status === 102) response.writeProcessing();
  const links = headers.filter(([name]) => name.toLowerCase() === "link").map(([, value]) => value);
  if (status === 103 && links.length > 0) response.writeEarlyHints({ link: links });
}

async function* counted(body: AsyncIterable<Uint8Array>, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    onBytes(chunk.length);
    yield chunk;
  }
}

function written(trailers: HeaderLines): [string, string][] {
  return trailers.map(([name, value]) => [name, value]);
}
