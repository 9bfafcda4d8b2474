import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Gives a request so long for its body and ends the connection after that, as Node's `requestTimeout` does. That is one for all
 * requests, and some may take their time.
 */
export function limitBody(request: IncomingMessage, response: ServerResponse, milliseconds: number): void {
  const timer = setTimeout(() => giveUp(request, response), milliseconds);
  request.once("close", () => clearTimeout(timer));
}

/** RFC 9112 §6.3. Most have none, and cost nothing here. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function giveUp({ socket }: IncomingMessage, { headersSent }: ServerResponse): void {
  if (!headersSent) socket.write("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  socket.destroySoon();
}
