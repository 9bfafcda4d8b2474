import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";

const FOLDER = new URL("documented/", import.meta.url);

/** One answer of a token endpoint as the provider documents it, and what it means. */
const documentedAnswer = z.strictObject({
  /** Which of the facts about the provider it is an example of. */
  of: z.int(),
  status: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.union([z.string(), z.record(z.string(), z.unknown())]),
  outcome: z.enum(["rejected", "client_fault", "retry_later", "lost"]),
  cause: z.string().nullable(),
});

export type DocumentedAnswer = z.infer<typeof documentedAnswer>;

/** The documented answers of every provider, by its id. */
export function readDocumentedAnswers(): Map<string, DocumentedAnswer[]> {
  const files = readdirSync(FOLDER).toSorted();
  return new Map(
    files.map((file) => [
      file.replace(/\.json$/, ""),
      z.array(documentedAnswer).parse(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"))),
    ]),
  );
}
