import type { Connection } from "../connection.ts";

/**
 * A `fetch` for any client that takes one. An `Authorization` that the client sets by itself is replaced, and the body of a `Request` is
 * read into memory, so that it can be sent once more after a 401.
 */
export function connectionFetch(connection: Connection): typeof fetch {
  return async (input, init = {}) => {
    const request = input instanceof Request ? input : undefined;
    const headers = new Headers(init.headers ?? request?.headers);
    headers.delete("authorization");
    const body = init.body ?? (await bodyOf(request));
    return connection.fetch(input, { ...init, headers, ...(body !== undefined && { body }) });
  };
}

async function bodyOf(request: Request | undefined): Promise<ArrayBuffer | undefined> {
  return request?.body ? request.arrayBuffer() : undefined;
}
