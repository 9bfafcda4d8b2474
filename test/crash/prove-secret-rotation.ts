import { parseArgs } from "node:util";
import { z } from "zod";
import { isFlawless, rotateUnderLoad } from "./secret-rotation.ts";

const USAGE = `Usage: npm run prove:secret-rotation -- --database sqlite|postgres [options]

Changes the secret of a client whose connections are all in use: first to one that the provider does not know, then to
the right one, whose predecessor dies at the provider in the moment in which it is promoted. Exits with 1 when a read
failed, a connection ended, or anything else was noticed by somebody.

  --connections <number>  of the client (default 500)
  --processes <number>    processes over one database (default 2)
  --lifetime <seconds>    of access tokens; each connection is refreshed about twice in it (default 30)
`;

const count = z.coerce.number().int().min(1);
const options = z.object({
  database: z.enum(["sqlite", "postgres"]),
  connections: count.default(500),
  processes: count.default(2),
  lifetime: count.min(4).default(30),
});

function readOptions(): z.infer<typeof options> {
  const text = { type: "string" } as const;
  const known = { database: text, connections: text, processes: text, lifetime: text };
  try {
    return options.parse(parseArgs({ options: known }).values);
  } catch {
    process.stderr.write(USAGE);
    process.exit(2);
  }
}

const { lifetime, ...given } = readOptions();
const report = await rotateUnderLoad({ ...given, lifetimeSeconds: lifetime });
const { durationMs, refreshRequests, refreshed, reads, reuseDetected, ended, condemned, objections } = report;
process.stdout
  .write(`${given.database}, ${given.processes} processes, ${given.connections} connections, ${(durationMs / 1000).toFixed(0)} s
token requests ${refreshRequests}, refreshed ${refreshed}, reuse detected by the server ${reuseDetected}
reads: ${Object.entries(reads)
  .map(([what, number]) => `${what} ${number}`)
  .join(", ")}
connections that are not active: ${JSON.stringify(condemned)}; processes that ended: ${ended}
${objections.map((objection) => `objection: ${objection}\n`).join("")}${isFlawless(report) ? "proven" : "NOT proven"}
`);
process.exit(isFlawless(report) ? 0 : 1);
