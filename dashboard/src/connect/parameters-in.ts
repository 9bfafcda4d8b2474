import type { Provider } from "../api/client-shapes.ts";
import { textOf } from "../design/read-fields.ts";

/** What stands in the fields of `ParameterFields`. */
export function parametersIn(fields: FormData, { parameters }: Pick<Provider, "parameters">): Record<string, string> {
  return Object.fromEntries(Object.keys(parameters).map((name) => [name, textOf(fields, fieldOf(name))]));
}

/** The name of a parameter's field: none of a client has a space in it. */
export function fieldOf(name: string): string {
  return `parameter ${name}`;
}
