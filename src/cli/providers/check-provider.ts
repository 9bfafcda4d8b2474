import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { URL_FIELDS } from "../../provider/parameters.ts";
import { providerSchema } from "../../provider/provider.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";

/** Checks one entry in a file. Throws with every problem that it has. */
export async function checkProvider(output: Output, file: string): Promise<void> {
  const result = providerSchema.safeParse(parse(await readFile(file, "utf8").catch(unreadable)));
  if (!result.success) throw invalid(result.error.issues.map(describe));
  const problems = blanksOf(result.data);
  if (problems.length > 0) throw invalid(problems);
  const { id, name } = result.data;
  output.result({ valid: true, id, name }, () => `${name} (${id}) is a valid entry.`);
}

/** Each blank in a URL is a parameter, and each parameter fills one. */
function blanksOf(provider: z.infer<typeof providerSchema>): string[] {
  const { parameters } = provider;
  const urls = URL_FIELDS.map((field) => provider[field]).join(" ");
  const blanks = new Set([...urls.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
  return [
    ...[...blanks].filter((name) => !Object.hasOwn(parameters, name)).map((name) => `parameters: {${name}} is missing`),
    ...Object.keys(parameters)
      .filter((name) => !blanks.has(name))
      .map((name) => `parameters.${name}: it stands in no URL`),
  ];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(["The file is not JSON."]);
  }
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function invalid(problems: readonly string[]): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "invalid_provider",
    detail: problems.join("\n"),
    next: "docs/providers.md says what each field means.",
    more: { problems },
  });
}

function unreadable(error: NodeJS.ErrnoException): never {
  throw new CommandFailure({
    exit: "usage",
    code: "unreadable_file",
    detail: `The file cannot be read (${error.code ?? "unknown"}).`,
  });
}
