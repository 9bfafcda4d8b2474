/** A field's text without the space around it; empty where there is no such field. */
export function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** What stands between spaces or on lines of its own. */
export function wordsOf(fields: FormData, name: string): string[] {
  return textOf(fields, name).split(/\s+/).filter(Boolean);
}
