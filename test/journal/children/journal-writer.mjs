// A process with a journal of its own. Runs the built service; `node journal-writer.mjs <task> <data directory> <instance>`.
import { openJournal } from "../../../dist/journal/journal.js";

const [, , task, dataDir, instanceId] = process.argv;

const quickly = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(milliseconds / 100, 60_000));
      signal?.addEventListener("abort", done);
      function done() {
        clearTimeout(timer);
        resolve();
      }
    }),
};
const events = [];
const observer = { event: (name, fields) => events.push({ name, ...fields }) };
const journal = await openJournal({ dataDir, instanceId, clock: quickly, observer });

function tokens(connectionId, generation) {
  const sealed = Buffer.alloc(500, generation);
  return {
    kind: "tokens",
    tenantId: "default",
    connectionId,
    receivedAt: Date.now(),
    tokens: {
      generation,
      sealedAccessToken: null,
      sealedRefreshToken: sealed,
      tokenType: "Bearer",
      scope: [],
      obtainedAt: Date.now(),
      origin: "ahead",
      expiresAt: null,
      refreshExpiresAt: null,
      rotatedAt: null,
      dpopKey: null,
    },
  };
}

/** Appends for ever, and says of each entry when it is acknowledged. */
async function append() {
  await Promise.all(Array.from({ length: 8 }, (_, n) => appendFor(`con_${n}`)));
}

async function appendFor(connectionId) {
  for (let generation = 1; ; generation++) {
    await journal.append(tokens(connectionId, generation));
    process.stdout.write(`${connectionId} ${generation}\n`);
    // No faster than a disk, however fast it is that takes the entries: somebody reads them all.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Appends until a file has become too large, and then again when the journal has recovered. */
async function fill() {
  const acknowledged = [];
  const until = async (isOver) => {
    for (let generation = acknowledged.length + 1; !isOver(); generation++) {
      try {
        await journal.append(tokens("con_1", generation));
        acknowledged.push(generation);
      } catch (error) {
        if (error.code !== "journal_unavailable") throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  };
  await until(() => !journal.isWritable());
  const before = acknowledged.length;
  await until(() => acknowledged.length >= before + 10);
  await journal.close();
  process.stdout.write(JSON.stringify({ acknowledged, events: events.map(({ name, code }) => ({ name, code })) }));
}

await { append, fill }[task]();
