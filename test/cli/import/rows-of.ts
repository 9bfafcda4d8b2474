import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFaulty, RowFault, type ImportRow } from "../../../src/cli/import/import-row.ts";
import { createPatience } from "../../../src/cli/import/patience.ts";
import { SOURCES, type SourceName } from "../../../src/cli/import/sources.ts";
import { Secret } from "../../../src/runtime/secret.ts";
import { systemClock } from "../../../src/service/system.ts";

/** Writes a file of a test: text as it is, anything else as JSON. */
export function fileIn(folder: string, name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

interface Request {
  table?: string;
  environment?: NodeJS.ProcessEnv;
}

/** What a source makes of each row: in short, with its tokens opened, or why it has none. */
export async function rowsOf(
  name: SourceName,
  from: string,
  { table, environment = {} }: Request = {},
): Promise<unknown[]> {
  const inTime = createPatience(systemClock, new AbortController().signal);
  const found: unknown[] = [];
  for await (const row of SOURCES[name].open({ from, table, environment, inTime }).rows()) {
    if (isFaulty(row)) found.push([row.sourceId, row.fault.verdict]);
    else {
      const { tokens, ...facts } = row;
      found.push({ ...facts, ...(await opened(tokens)) });
    }
  }
  return found;
}

async function opened(tokens: ImportRow["tokens"]): Promise<object> {
  try {
    const read = Object.entries(await tokens());
    return Object.fromEntries(read.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
  } catch (error) {
    if (error instanceof RowFault) return { verdict: error.verdict };
    throw error;
  }
}
