import { readdirSync, readFileSync } from "node:fs";
import { providerSchema, type Provider } from "../provider/provider.ts";

const FOLDER = new URL("../provider/data/", import.meta.url);

/** The catalogue's entries. An entry that does not fit the schema stops the start: it is a mistake of this package. */
export function readBuiltInProviders(): Provider[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => providerSchema.parse(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"))));
}
