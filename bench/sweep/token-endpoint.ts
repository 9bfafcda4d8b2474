import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { selfSigned } from "@evergrant/sandbox";

/**
 * A token endpoint that rotates at once and counts. Tells its port and certificate, and the count whenever it is asked.
 * `node token-endpoint.js tls|plain`
 */
let count = 0;

const answer: RequestListener = (request, response) => {
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
};

const identity = selfSigned("localhost");
const server = process.argv[2] === "plain" ? createServer(answer) : createTlsServer(identity, answer);
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    process.send?.({ port: address.port, certificate: identity.cert });
});
process.on("message", () => process.send?.(count));
process.on("disconnect", () => process.exit(0));
