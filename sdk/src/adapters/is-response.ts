/** By its shape, because clients bring a `fetch` of their own. */
export function isResponse(value: unknown): value is Response {
  return typeof value === "object" && value !== null && "status" in value && "headers" in value && "clone" in value;
}
