/** An answer of the service. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body where it is JSON, else null. */
  body: unknown;
  /** A text in the body, by its path; throws when there is none. */
  at(this: void, ...path: string[]): string;
}

export type Api = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
) => Promise<Answer>;

/** Calls the service's API with one key; a string body is sent as it is. */
export function createApi(url: string, key: string, send: typeof fetch = fetch): Api {
  return async (method, path, body) => {
    const headers = new Headers({ authorization: `Bearer ${key}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    const payload = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    // A connection of its own each time: after a restart a pooled one leads to the process that is gone.
    headers.set("connection", "close");
    const response = await send(url + path, { method, headers, ...(payload !== undefined && { body: payload }) });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const json: unknown = isJson ? JSON.parse(text) : null;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json,
      at: (...names) => textAt(json, names),
    };
  };
}

function textAt(value: unknown, path: readonly string[]): string {
  const found = path.reduce<unknown>(
    (inner, name) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, name) : undefined),
    value,
  );
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")} in ${JSON.stringify(value)}`);
  return found;
}
