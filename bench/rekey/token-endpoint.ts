import { createServer } from "node:http";

/**
 * A token endpoint that takes each refresh token once, as strict authorization servers do (RFC 9700 §4.14.2). Tokens are named
 * `refresh-<chain>-<number>`. Tells its port, and whenever it is asked how many it has replaced, how many it refused because
 * another was the newest, and the newest number of each chain.
 */
const LIFETIME_SECONDS = 20;

const newest = new Map<string, number>();
let [replaced, refused] = [0, 0];

const server = createServer((request, response) => {
  let form = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (form += chunk));
  request.on("end", () => {
    const answer = exchange(new URLSearchParams(form).get("refresh_token") ?? "");
    const body = JSON.stringify(answer ?? { error: "invalid_grant" });
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    response.writeHead(answer ? 200 : 400, headers).end(body);
  });
});

function exchange(token: string): Record<string, unknown> | null {
  const [, chain = "", number = ""] = /^refresh-(\d+)-(\d+)$/.exec(token) ?? [];
  if (Number(number) !== (newest.get(chain) ?? 1)) {
    refused++;
    return null;
  }
  replaced++;
  newest.set(chain, Number(number) + 1);
  return {
    access_token: `access-${chain}-${Number(number) + 1}`.padEnd(200, "x"),
    token_type: "Bearer",
    expires_in: LIFETIME_SECONDS,
    refresh_token: `refresh-${chain}-${Number(number) + 1}`,
  };
}

server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
process.on("message", () => process.send?.({ replaced, refused, newest: [...newest] }));
process.on("disconnect", () => process.exit(0));
