import { createHash, type Hash } from "node:crypto";

/** Where an upload stands. Its bytes are not kept, only their hash so far. */
export interface Upload {
  received: number;
  total: number;
  sha256: string | null;
}

export interface Range {
  first: number;
  last: number;
  total: number;
}

/** The outcome of offering a range to an upload. */
type Offer =
  | { kind: "taken"; upload: Upload }
  | { kind: "does_not_continue"; received: number }
  | { kind: "wrong_length" };

export interface Uploads {
  find(user: string, id: string): Upload | null;
  /** Takes the bytes of a range all or not at all. */
  offer(user: string, id: string, range: Range, bytes: AsyncIterable<Buffer>): Promise<Offer>;
}

const uploadLimit = 1000;

/** Keeps the newest thousand uploads, in memory. */
export function createUploads(): Uploads {
  const uploads = new Map<string, Upload & { hash: Hash }>();

  function continues(key: string, range: Range): boolean {
    const known = uploads.get(key);
    return range.first === (known?.received ?? 0) && range.total === (known?.total ?? range.total);
  }

  return {
    find: (user, id) => uploads.get(keyOf(user, id)) ?? null,
    offer: async (user, id, range, bytes) => {
      const key = keyOf(user, id);
      const doesNotContinue = (): Offer => ({
        kind: "does_not_continue",
        received: uploads.get(key)?.received ?? 0,
      });
      if (!continues(key, range)) return doesNotContinue();
      const hash = uploads.get(key)?.hash.copy() ?? createHash("sha256");
      const length = await feed(hash, bytes, range.last - range.first + 1);
      if (length !== range.last - range.first + 1) return { kind: "wrong_length" };
      // Another request may have got there while the bytes came in.
      if (!continues(key, range)) return doesNotContinue();
      const received = range.last + 1;
      const sha256 = received === range.total ? hash.copy().digest("hex") : null;
      const upload = { received, total: range.total, sha256, hash };
      uploads.set(key, upload);
      forgetOldest(uploads);
      return { kind: "taken", upload };
    },
  };
}

/** Hashes the bytes and returns how many there were; stops early when there are more than expected. */
async function feed(hash: Hash, bytes: AsyncIterable<Buffer>, expected: number): Promise<number> {
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > expected) break;
    hash.update(chunk);
  }
  return length;
}

/** An id has no colon. */
function keyOf(user: string, id: string): string {
  return `${id}:${user}`;
}

function forgetOldest(uploads: Map<string, unknown>): void {
  const oldest = uploads.keys().next().value;
  if (uploads.size > uploadLimit && oldest !== undefined) uploads.delete(oldest);
}
