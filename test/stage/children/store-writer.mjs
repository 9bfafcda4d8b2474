// A second process on a database file. Runs the built service; `node store-writer.mjs <task> <path> [argument]`.
import { createClientStore } from "../../../dist/store/clients.js";
import { createConnectionStore } from "../../../dist/store/connections.js";
import { openSqlite } from "../../../dist/store/sqlite/open.js";

const [, , task, path, argument] = process.argv;
const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() };

async function open() {
  try {
    return await openSqlite(path, clock);
  } catch (error) {
    // Switching a new file to WAL cannot wait for another process that is doing the same.
    if (error.code !== "store_unavailable") throw error;
    return open();
  }
}

/** Commits as many generations of `con_1` as `argument` says, whoever else does the same. */
async function commit(connections) {
  let superseded = 0;
  for (let done = 0; done < Number(argument);) {
    const { tokens } = await connections.snapshot("con_1");
    const wanted = {
      connectionId: "con_1",
      generation: tokens.generation,
      leaseMs: 60_000,
      replayableMs: Infinity,
      gone: null,
    };
    const { kind, claim } = await connections.claim({ ...wanted, owner: `writer-${process.pid}` });
    if (kind !== "claimed") continue;
    // Each sealing has other bytes: the same would be taken for a repetition of what the other process has committed.
    const sealedAccessToken = Buffer.from(`${process.pid} ${tokens.generation}`);
    const next = { ...tokens, sealedAccessToken, generation: tokens.generation + 1 };
    const history = [{ kind: "refreshed", generation: next.generation, detail: { by: process.pid } }];
    const result = await connections.commit({ connectionId: "con_1", tokens: next, dueAt: 1, history }, claim);
    if (result.kind === "committed") done++;
    else superseded++;
  }
  return { superseded };
}

/** Writes until the disk is full, then reads. */
async function fill(connections) {
  for (let written = 0; written < 10_000; written++) {
    try {
      await connections.setLabels("con_1", { written: String(written), filler: "x".repeat(10_000) });
    } catch (error) {
      const { connection } = await connections.snapshot("con_1");
      const readable = connection.labels.written;
      return { written, code: error.code, cause: error.cause?.code, sentence: error.message, readable };
    }
  }
  throw new Error("The disk was never full.");
}

const TASKS = {
  open: (connections) => connections.list({ tenantId: "default", limit: 1, after: null, status: null, clientId: null }),
  commit,
  fill,
};

const database = await open();
await createClientStore(database).find("cli_1");
const result = await TASKS[task](createConnectionStore(database));
await database.close();
process.stdout.write(JSON.stringify(result));
