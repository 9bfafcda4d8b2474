import type { App } from "../api/server.ts";

/** `fetch` that hands each request to the application itself. A body is read whole before it is handed over. */
export function createInjectedFetch(app: App): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const { pathname, search } = new URL(request.url);
    const answer = await app.inject({
      method: methodOf(request),
      url: pathname + search,
      headers: Object.fromEntries(request.headers),
      payload: Buffer.from(await request.arrayBuffer()),
      signal: request.signal,
    });
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const each of [value].flat()) if (each !== undefined) headers.append(name, String(each));
    }
    return new Response(bodyOf(answer.statusCode, answer.rawPayload), { status: answer.statusCode, headers });
  };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

function methodOf({ method }: Request): (typeof METHODS)[number] {
  const known = METHODS.find((each) => each === method);
  if (known) return known;
  throw new TypeError(`The service has no method ${method}.`);
}

/** Fetch standard, §2.2.3: answers of these statuses have no body, not even an empty one. */
function bodyOf(status: number, bytes: Buffer): Uint8Array<ArrayBuffer> | null {
  return [204, 205, 304].includes(status) ? null : new Uint8Array(bytes);
}
