import { IncomingMessage } from "node:http";

/** The same request once more, with its body still to be read: for a handler that wants to read it itself. */
export function replayedRequest(req: IncomingMessage, body: Buffer): IncomingMessage {
  const replay = new IncomingMessage(req.socket);
  replay.method = req.method;
  replay.url = req.url;
  replay.headers = req.headers;
  replay.complete = true;
  replay.push(body);
  replay.push(null);
  return replay;
}
