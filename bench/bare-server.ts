import { createServer } from "node:http";

/** The reference: a bare `node:http` server that answers every request with the same bytes. Its answer comes as an argument. */
const body = process.argv[2] ?? "";
const headers = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "content-length": Buffer.byteLength(body),
};

const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(address.port);
});
process.on("disconnect", () => process.exit(0));
