import type { Position } from "./position.ts";

/** What waits to be written. */
interface Waiting {
  bytes: Uint8Array;
  resolve: (position: Position) => void;
  reject: (error: unknown) => void;
}

export interface GroupCommit {
  /** Settles as the write does that takes the bytes along, with the position they then have. */
  add(bytes: Uint8Array): Promise<Position>;
  /** Resolves when nothing waits and nothing is being written. */
  idle(): Promise<void>;
}

/** As much is written at once, or one that is larger. */
const LARGEST_BATCH = 1024 * 1024;

/** One write at a time. What arrives during one goes together with the next; when a write fails, so does all that waits. */
export function createGroupCommit(write: (bytes: Uint8Array) => Promise<Position>): GroupCommit {
  const waiting: Waiting[] = [];
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchLength(waiting));
      try {
        resolveAll(batch, await write(Buffer.concat(batch.map(({ bytes }) => bytes))));
      } catch (error) {
        for (const { reject } of [...batch, ...waiting.splice(0)]) reject(error);
      }
    }
    running = null;
  }

  return {
    add: (bytes) =>
      new Promise((resolve, reject) => {
        waiting.push({ bytes, resolve, reject });
        running ??= run();
      }),
    idle: () => running ?? Promise.resolve(),
  };
}

function batchLength(waiting: readonly Waiting[]): number {
  let size = 0;
  const over = waiting.findIndex(({ bytes }, index) => (size += bytes.length) > LARGEST_BATCH && index > 0);
  return over < 0 ? waiting.length : over;
}

function resolveAll(batch: readonly Waiting[], { segment, offset: start }: Position): void {
  let offset = start;
  for (const { bytes, resolve } of batch) {
    resolve({ segment, offset });
    offset += bytes.length;
  }
}
