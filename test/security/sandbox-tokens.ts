import { openRaw } from "../stage/raw-database.ts";

/** Every token and code that the sandbox has on record, by kind and number. */
export function issuedBy(sandboxFile: string): Map<string, string> {
  const database = openRaw(sandboxFile, { readonly: true });
  const list = database.value("select group_concat(model || ' ' || id, char(10)) from artifact");
  database.close();
  const rows = String(list)
    .split("\n")
    .map((line) => line.split(" "));
  const tokens = rows.filter(([model = ""]) => /Token|Code/.test(model));
  return new Map(tokens.map(([model = "", id = ""]) => [`${model} ${id.slice(0, 6)}`, id]));
}
