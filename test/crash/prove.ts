import { parseArgs } from "node:util";
import { z } from "zod";
import { isProven, proveCrashes } from "./prove-crashes.ts";
import { describe } from "./report.ts";

const USAGE = `Usage: npm run prove:crash -- --database sqlite|postgres [options]

Kills real processes of the service at random instants, and proves of every refresh token that the authorization
server issued that it was kept, or that no software could have kept it. Exits with 1 when one was lost by us.

  --cycles <number>       kills (default 500)
  --processes <number>    processes over one database (default 4)
  --connections <number>  connections that are refreshed every few seconds (default 200)
  --seed <number>         of the random choices (default 1)
  --pauses                stop processes now and then, for up to 90 seconds, instead of killing them
`;

const count = z.coerce.number().int().min(1);
const options = z.object({
  database: z.enum(["sqlite", "postgres"]),
  cycles: count.default(500),
  processes: count.min(2).default(4),
  connections: count.default(200),
  seed: count.default(1),
  pauses: z.boolean().default(false),
});

function readOptions(): z.infer<typeof options> {
  const text = { type: "string" } as const;
  const known = { database: text, cycles: text, processes: text, connections: text, seed: text };
  try {
    return options.parse(parseArgs({ options: { ...known, pauses: { type: "boolean" } } }).values);
  } catch {
    process.stderr.write(USAGE);
    process.exit(2);
  }
}

const given = readOptions();
const report = await proveCrashes({
  ...given,
  progress: (done) => void (process.stderr.isTTY && process.stderr.write(`\r${done} of ${given.cycles}`)),
});
process.stdout.write(`\n${describe(given, report)}\n`);
process.exit(isProven(report) ? 0 : 1);
