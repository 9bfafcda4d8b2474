// Verifies what `evergrant audit export` printed, with nothing of Evergrant: node verify-audit.mjs < audit.jsonl
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

/** Of each tenant, the last entry that was seen. An export that was made with --after begins in the middle of a chain. */
const last = new Map();
let bad = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const { hash, ...entry } = JSON.parse(line);
  const before = last.get(entry.tenant) ?? (entry.seq === 1 ? { seq: 0, hash: "0".repeat(64) } : null);
  const isNext = before === null || entry.seq === before.seq + 1;
  const isSame = before === null || hash === hashOf(before.hash, entry);
  if (!isNext) say(`${entry.tenant}: ${before.seq + 1} is missing, or out of order`);
  else if (!isSame) say(`${entry.tenant}: ${entry.seq} is not what its hash says`);
  if (!isNext || !isSame) bad++;
  last.set(entry.tenant, { seq: entry.seq, hash });
}
for (const [tenant, { seq, hash }] of last) say(`${tenant}: ends with ${seq}, ${hash}`);
process.exitCode = bad === 0 ? 0 : 1;

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}

function hashOf(previous, entry) {
  return createHash("sha256").update(Buffer.from(previous, "hex")).update(canonical(entry)).digest("hex");
}

function canonical(value) {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}
