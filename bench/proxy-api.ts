import { createServer } from "node:http";

/** An API for the bench: takes what it is sent, and sends as many bytes as it is asked for. */
const CHUNK = Buffer.alloc(64 * 1024, "x");

const server = createServer((request, response) => {
  const bytes = Number(/^\/bytes\/(\d+)$/.exec(request.url ?? "")?.[1] ?? 0);
  if (request.method === "GET") {
    response.writeHead(200, { "content-length": bytes });
    return send(bytes);
  }
  request.resume();
  request.once("end", () => response.writeHead(200, { "content-length": 0 }).end());

  function send(left: number): void {
    for (let rest = left; ; rest -= CHUNK.length) {
      if (rest <= CHUNK.length) return void response.end(CHUNK.subarray(0, rest));
      if (!response.write(CHUNK)) return void response.once("drain", () => send(rest - CHUNK.length));
    }
  }
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(address.port);
});
process.on("disconnect", () => process.exit(0));
