import { EvergrantError } from "./evergrant-error.ts";
import { pause } from "./pause.ts";
import { readRetryAfter } from "./retry-after.ts";
import { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";
import type { UploadProtocol, UploadProgress, UploadRequest } from "./upload-protocol.ts";
import { UploadStoppedError } from "./upload-stopped-error.ts";

export interface ResumableUploadOptions {
  /** Sends the parts: `connection.fetch`, so that the upload outlives its tokens. */
  readonly fetch: (url: string | URL, init: UploadInit) => Promise<Response>;
  /** The address of the upload session, which was made before. */
  readonly session: string | URL;
  /** `openAsBlob` of node:fs makes one of a file, which is read as it is sent. */
  readonly content: Blob;
  readonly protocol: UploadProtocol;
  /** The length of a part in bytes. Default: 10 MiB, which Google and Graph both take. */
  readonly partBytes?: number | undefined;
  /** Asks first how far an upload before came. Default: false, for a new session. */
  readonly resume?: boolean | undefined;
  /** How often in a row a part may fail without a byte of progress. Default 5. */
  readonly attempts?: number | undefined;
  /** How long to wait before the second attempt, in milliseconds; twice as long before each further one. Default 1,000. */
  readonly pauseMs?: number | undefined;
  /** Told after every part how many bytes the server has. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadInit {
  method: string;
  headers: Record<string, string>;
  body?: Blob;
  signal?: AbortSignal;
}

/**
 * Uploads to a resumable session, part by part, and resolves to the answer to the last one. After a part that failed, by the network, a
 * 401 or a 5xx, the server is asked how far it is, and the upload goes on there; it never starts over.
 * @throws UploadStoppedError when it cannot go on.
 * @throws EvergrantError when there is no token, and the reason of the signal when that aborts.
 */
export async function resumableUpload(options: ResumableUploadOptions): Promise<Response> {
  const { content, attempts = 5, pauseMs = 1000, signal, onProgress } = options;
  const upload = createUpload(options);
  // A part without bytes cannot be written as a range.
  let ask = options.resume ?? content.size === 0;
  let [bytes, furthest, failures] = [0, 0, 0];
  for (;;) {
    signal?.throwIfAborted();
    const outcome = await (ask ? upload.ask() : upload.part(bytes));
    if (outcome.kind === "complete") {
      onProgress?.(content.size);
      return outcome.response;
    }
    const received = outcome.kind === "received" ? outcome.bytes : null;
    if (received !== null) {
      bytes = received;
      onProgress?.(bytes);
    }
    // An answer that only tells how far the server is brings nothing forward, and is no failure either.
    const told = ask && received !== null && received < content.size;
    const failed = bytes <= furthest && !told;
    if (failed) failures++;
    else if (bytes > furthest) failures = 0;
    furthest = Math.max(furthest, bytes);
    if (outcome.kind === "refused" || failures >= attempts) throw stopped(outcome, bytes);
    if (failed) await pause(Math.max(pauseMs * 2 ** (failures - 1), waitOf(outcome)), signal);
    ask = received === null || received === content.size;
  }
}

type Outcome =
  | (UploadProgress & { readonly response: Response })
  /** The same may work later. */
  | { readonly kind: "failed"; readonly response?: Response; readonly cause?: unknown }
  /** The session does not take it. */
  | { readonly kind: "refused"; readonly response: Response };

function createUpload({
  fetch: send,
  session,
  content,
  protocol,
  partBytes = 10 * 1024 * 1024,
  signal,
}: ResumableUploadOptions) {
  const { size } = content;

  async function exchange({ method, headers }: UploadRequest, body?: Blob): Promise<Outcome> {
    const init: UploadInit = { method, headers: { ...headers } };
    if (body !== undefined) init.body = body;
    if (signal !== undefined) init.signal = signal;
    try {
      const response = await send(session, init);
      return await understand(response);
    } catch (error) {
      if (signal?.aborted === true || isFinal(error)) throw error;
      return { kind: "failed", cause: error };
    }
  }

  async function understand(response: Response): Promise<Outcome> {
    const progress = await protocol.read(response, size);
    if (progress?.kind === "complete") return { ...progress, response };
    await response.body?.cancel().catch(() => undefined);
    if (progress !== undefined && progress.bytes <= size) return { ...progress, response };
    return { kind: PASSING.has(response.status) || response.status >= 500 ? "failed" : "refused", response };
  }

  return {
    ask: () => exchange(protocol.ask(size)),
    part: (start: number) => {
      const end = Math.min(start + partBytes, size);
      return exchange(protocol.part({ start, end, size }), content.slice(start, end));
    },
  };
}

/** Answers that may be others next time: a token that was refused twice, a conflict about the offset, and servers in trouble. */
const PASSING: ReadonlySet<number> = new Set([401, 408, 409, 423, 425, 429]);

/** What Evergrant says of the connection is final, unless it is about this moment. */
function isFinal(error: unknown): boolean {
  return error instanceof EvergrantError && !(error instanceof TemporarilyUnavailableError);
}

/** In milliseconds. */
function waitOf(outcome: Outcome): number {
  if (outcome.kind !== "failed") return 0;
  const { response, cause } = outcome;
  if (response !== undefined) return (readRetryAfter(response.headers.get("retry-after")) ?? 0) * 1000;
  return cause instanceof TemporarilyUnavailableError ? (cause.retryAfterSeconds ?? 0) * 1000 : 0;
}

function stopped(outcome: Outcome, bytes: number): UploadStoppedError {
  const status = outcome.response?.status ?? null;
  const why = status === null ? "the API could not be reached" : `the API answered ${status}`;
  const cause = outcome.kind === "failed" ? outcome.cause : undefined;
  return new UploadStoppedError(`The upload stopped at byte ${bytes}: ${why}.`, { bytes, status, cause });
}
