// Takes webhooks in as an application would: verifies each, and processes each event once, also over its own restarts.
// Arguments: port, file of what was processed. The secret is in WEBHOOK_SECRET.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const [port, file] = process.argv.slice(2);
const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
const processed = new Set(lines.filter((line) => line !== "").map((line) => JSON.parse(line).id));

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const id = request.headers["webhook-id"];
    let message;
    try {
      message = webhook.verify(Buffer.concat(chunks).toString("utf8"), request.headers);
    } catch {
      return response.writeHead(401).end();
    }
    if (!processed.has(id)) {
      processed.add(id);
      appendFileSync(file, `${JSON.stringify({ id, type: message.type, connection: message.data.connection })}\n`);
    }
    // The sender may be gone before it hears of it.
    setTimeout(() => response.writeHead(204).end(), 20);
  });
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("listening\n"));
