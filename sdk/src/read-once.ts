/** Can a body be read only once? Streams can; the body of a Request always is one, and so is a form of the `form-data` package. */
export function isReadOnce(body: unknown): boolean {
  if (typeof body !== "object" || body === null) return false;
  return Symbol.asyncIterator in body || ("pipe" in body && typeof body.pipe === "function");
}
