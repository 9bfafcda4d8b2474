import { Worker } from "node:worker_threads";
import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RecordKey } from "./record.ts";

/** Values of `packed-values.ts`, with every key that they need and the one that they are to be sealed with. */
export interface ResealJob {
  packed: ArrayBuffer;
  /** Copies: they change hands with the values. */
  keys: readonly RecordKey<Uint8Array<ArrayBuffer>>[];
}

/** A thread that seals values anew while this one answers and stores. It starts with a job, and keeps no process alive without one. */
export interface ResealThread {
  /**
   * Gives the values back, one job after another. Throws `internal` when the thread ended before it was done, for lack of memory
   * for instance, or took longer than `deadlineMs`; the next job has another one.
   */
  reseal(job: ResealJob): Promise<ArrayBuffer>;
  /** Ends the thread and what it is doing; the next job starts another one. */
  end(): Promise<void>;
}

/** Node starts a thread from JavaScript alone. From `src` as from `dist`, this is what `npm run build` makes; `npm test` builds first. */
const ENTRY = new URL("../../dist/keyring/reseal-worker.js", import.meta.url);
/** Hundreds of times what a job takes: whoever waits for it has lost the lease by then. */
const DEADLINE = 15 * SECOND;
/** Each value leaves two of Node's ciphers behind: with the small default they are collected so often that it takes a tenth longer. */
const YOUNG_MB = 48;

export function createResealThread(entry = ENTRY, deadlineMs = DEADLINE): ResealThread {
  let running: Running | null = null;
  return {
    reseal: (job) => {
      if (running === null || running.isOver()) running = start(entry, deadlineMs);
      return running.reseal(job);
    },
    end: async () => {
      const ending = running;
      running = null;
      await ending?.end();
    },
  };
}

interface Running {
  reseal(job: ResealJob): Promise<ArrayBuffer>;
  isOver(): boolean;
  end(): Promise<unknown>;
}

interface Waiting {
  resolve: (packed: ArrayBuffer) => void;
  reject: (error: ServiceError) => void;
  late: NodeJS.Timeout;
}

function start(entry: URL, deadlineMs: number): Running {
  // It needs nothing of the environment, where the root key may be.
  const worker = new Worker(entry, { env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  const waiting: Waiting[] = [];
  let over = false;
  worker.on("message", (packed: ArrayBuffer) => {
    const first = waiting.shift();
    clearTimeout(first?.late);
    if (waiting.length === 0) worker.unref();
    first?.resolve(packed);
  });
  // The end follows, and tells those who wait.
  worker.on("error", () => (over = true));
  worker.on("exit", () => {
    over = true;
    for (const { reject, late } of waiting.splice(0)) {
      clearTimeout(late);
      reject(new ServiceError("internal", "The thread that seals values anew has ended. It is done again later."));
    }
  });
  return {
    reseal: ({ packed, keys }) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject, late: setTimeout(() => void worker.terminate(), deadlineMs) });
        worker.ref();
        worker.postMessage({ packed, keys }, [packed, ...keys.map(({ bytes }) => bytes.buffer)]);
      }),
    isOver: () => over,
    end: () => worker.terminate(),
  };
}
