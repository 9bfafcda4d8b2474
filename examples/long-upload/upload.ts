import { createEvergrant } from "@evergrant/sdk";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A three-minute upload with access tokens that live 15 seconds. Run `npm start` in one terminal and this in another:
 *
 * `EVERGRANT_API_KEY=… node build/examples/long-upload/upload.js <connection> [seconds]`
 *
 * The file goes up in ranges, one a second; each is a `fetch` of its own, so each has a token that works. An upload that had to
 * start over would show as a range that the server refuses.
 */
const [connectionId, seconds = "180"] = process.argv.slice(2);
const apiKey = process.env["EVERGRANT_API_KEY"];
const filesApi = process.env["FILES_API_URL"] ?? "http://127.0.0.1:4101/api";
if (connectionId === undefined || apiKey === undefined) {
  process.stderr.write("Give a connection, and an API key in EVERGRANT_API_KEY.\n");
  process.exit(2);
}

const RANGE = 64 * 1024;
const ranges = Number(seconds);
const total = ranges * RANGE;
const url = process.env["EVERGRANT_URL"] ?? "http://127.0.0.1:4100";
const connection = createEvergrant({ url, apiKey }).connection(connectionId);
const upload = `${filesApi}/uploads/upload-${Date.now()}`;
const generations = new Set<number>();
const start = performance.now();

for (let range = 0; range < ranges; range++) {
  const from = range * RANGE;
  const response = await connection.fetch(upload, {
    method: "PUT",
    headers: { "content-range": `bytes ${from}-${from + RANGE - 1}/${total}` },
    body: Buffer.alloc(RANGE, range),
  });
  await response.arrayBuffer();
  const last = range === ranges - 1;
  if (response.status !== (last ? 201 : 308))
    throw new Error(`range ${range} was answered with HTTP ${response.status}`);
  generations.add((await connection.accessToken({ minTtl: 0 })).generation);
  if (!last) await sleep(1000);
}

const took = ((performance.now() - start) / 1000).toFixed(0);
process.stdout.write(
  `${total} bytes in ${ranges} ranges and ${took} s, over ${generations.size} token sets, without starting over\n`,
);
