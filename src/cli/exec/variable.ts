import { InvalidArgumentError } from "commander";

/** A variable of the environment, and whose token it holds; null for the connection that `exec` names. */
export interface Variable {
  name: string;
  connection: string | null;
}

const DEFAULT_NAME = "EVERGRANT_ACCESS_TOKEN";

/** POSIX XBD §8.1. */
const SHAPE = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(con_\w+))?$/;

export function collectVariable(text: string, before: readonly Variable[] = []): Variable[] {
  const [, name, connection = null] = SHAPE.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It has to be NAME, or NAME=con_... for another connection.");
  if (before.some((variable) => variable.name === name)) throw new InvalidArgumentError("It is named twice.");
  return [...before, { name, connection }];
}

/** Which token goes where. The connection that `exec` names has the default variable if it was given none. */
export function tokensWanted(connectionId: string, variables: readonly Variable[]) {
  const named = variables.some(({ connection }) => connection === null);
  const all = named ? variables : [{ name: DEFAULT_NAME, connection: null }, ...variables];
  return all.map(({ name, connection }) => ({ name, connection: connection ?? connectionId }));
}
