/** The value of a JSON text; undefined for anything else, which no shape accepts. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
