/** Reads the fields of one JSON object that came from outside; whatever is wrong is added to `problems`. */
export interface FieldReader {
  number(name: string): number | undefined;
  boolean(name: string): boolean | undefined;
  string(name: string): string | undefined;
  strings(name: string): string[] | undefined;
  raw(name: string): unknown;
  /** To be called last: reports the fields nobody asked for. */
  finish(): void;
}

export function createFieldReader(value: unknown, problems: string[], what: string): FieldReader {
  const left = new Map(isObject(value) ? Object.entries(value) : []);
  if (!isObject(value)) problems.push(`${what} must be a JSON object`);

  function take(name: string): unknown {
    const found = left.get(name);
    left.delete(name);
    return found;
  }

  function taking<T>(is: (found: unknown) => found is T, wanted: string): (name: string) => T | undefined {
    return (name) => {
      const found = take(name);
      if (found === undefined || is(found)) return found;
      problems.push(`${name} must be ${wanted}`);
      return undefined;
    };
  }

  return {
    number: taking((found) => typeof found === "number", "a number"),
    boolean: taking((found) => typeof found === "boolean", "true or false"),
    string: taking((found) => typeof found === "string", "a string"),
    strings: taking(isStrings, "an array of strings"),
    raw: take,
    finish: () => {
      for (const name of left.keys()) problems.push(`unknown field ${name} in ${what}`);
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
