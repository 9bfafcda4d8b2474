import type { Provider } from "../../provider/provider.ts";
import { readBuiltInProviders } from "../../service/built-in-providers.ts";
import type { Output } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import { lifeText } from "./life-text.ts";

const HEADINGS = ["ID", "NAME", "ROTATION", "ACCESS TOKEN", "UNUSED", "AT MOST", "CONFIDENCE"];

export async function listProviders(output: Output): Promise<void> {
  await output.results(inOrder(), {
    all: (providers) => {
      const headings = HEADINGS.map((text) => ({ text, colour: "dim" as const }));
      return table([headings, ...providers.map(row)], output.paint).join("\n");
    },
    none: "The catalogue is empty.",
  });
}

async function* inOrder(): AsyncGenerator<Provider> {
  yield* readBuiltInProviders().toSorted((a, b) => a.id.localeCompare(b.id));
}

function row({ id, name, rotation, lifetimes, confidence }: Provider) {
  const lives = [lifetimes.access_seconds, lifetimes.idle_seconds, lifetimes.absolute_seconds].map(lifeText);
  return [id, name, rotation ?? "", ...lives, confidence].map((text) => ({ text }));
}
