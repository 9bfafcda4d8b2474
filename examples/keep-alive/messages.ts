/** What a worker tells the process that started it. */
export type WorkerMessage =
  | { kind: "synced"; connectionId: string; files: number }
  /** The service or the API asked for patience; the worker tries again. */
  | { kind: "delayed"; connectionId: string | null; code: string }
  /** A person has to sign in again; the worker looks again now and then. */
  | { kind: "waiting"; connectionId: string; reason: string; link: string }
  | { kind: "failed"; connectionId: string; message: string };
