import { z } from "zod";

const schema = z.record(z.string(), z.unknown());

/** A JSON object, or null for anything else. Never throws: the parser's own error would quote the input (it may hold a token). */
export function parseJsonObject(text: string): Record<string, unknown> | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
