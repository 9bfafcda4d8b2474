import { createServer } from "node:http";

/** A token endpoint that rotates at once and counts. Tells its port, and the count whenever it is asked. */
let count = 0;

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    count++;
    const body = JSON.stringify({
      access_token: `access-${count}`,
      token_type: "Bearer",
      expires_in: 86_400,
      refresh_token: `refresh-${count}`,
    });
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  });
});

server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(address.port);
});
process.on("message", () => process.send?.(count));
process.on("disconnect", () => process.exit(0));
