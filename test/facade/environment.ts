import { onTestFinished } from "vitest";

/** Sets variables of this process until the running test is over; one that is undefined is taken away. */
export function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  onTestFinished(() => put(before));
  put(Object.entries(variables));
}

function put(variables: readonly (readonly [string, string | undefined])[]): void {
  for (const [name, value] of variables) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
