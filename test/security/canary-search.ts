import type { Answer } from "../stage/api.ts";
import type { Stage } from "../stage/stage.ts";
import type { CanaryProvider } from "./canary-provider.ts";

/** Something that was said or written, and the kinds of secrets that belong there. */
interface Place {
  name: string;
  text: string;
  belongs: readonly string[];
}

export interface Search {
  stage: Stage;
  provider: CanaryProvider;
  secrets: Map<string, string | Uint8Array>;
  places: Place[];
}

export function place(
  search: Pick<Search, "places">,
  name: string,
  text: string,
  belongs: readonly string[] = [],
): void {
  search.places.push({ name: `${name} #${search.places.length}`, text, belongs });
}

export async function call(
  search: Search,
  method: Parameters<Stage["api"]>[0],
  path: string,
  options: { body?: unknown; belongs?: readonly string[] } = {},
): Promise<Answer> {
  const answer = await search.stage.api(method, path, options.body);
  place(search, `${method} ${path}`, answer.text + JSON.stringify([...answer.headers]), options.belongs);
  return answer;
}
