/** The body of a caller's request, which is read while it is sent on. */
export interface RequestBody {
  /** For one sending; for another one only where `isReplayable`. */
  stream(): AsyncIterable<Uint8Array>;
  /** Can it be sent from its start? Nothing of it was read, or all of it was, and it is small. */
  isReplayable(): boolean;
}

export interface BodyWatch {
  /** The first of it is asked for. */
  onStart(this: void): void;
  onBytes(this: void, count: number): void;
  /** Nobody reads on, whether or not there is more. */
  onEnd(this: void): void;
}

/** So much of a body is kept while it goes by. */
const MOST_KEPT = 64 * 1024;

export function requestBody(source: AsyncIterable<Uint8Array>, { onStart, onBytes, onEnd }: BodyWatch): RequestBody {
  let kept: Uint8Array[] | null = [];
  let bytes = 0;
  let state: "unread" | "begun" | "read" = "unread";

  async function* reading(): AsyncGenerator<Uint8Array> {
    state = "begun";
    onStart();
    try {
      for await (const chunk of source) {
        onBytes(chunk.length);
        bytes += chunk.length;
        if (bytes > MOST_KEPT) kept = null;
        kept?.push(chunk);
        yield chunk;
      }
      state = "read";
    } finally {
      onEnd();
    }
  }

  async function* again(): AsyncGenerator<Uint8Array> {
    yield* kept ?? [];
  }

  return {
    stream: () => (state === "unread" ? reading() : again()),
    isReplayable: () => state === "unread" || (state === "read" && kept !== null),
  };
}
