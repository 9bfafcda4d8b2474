import type { RefreshToken } from "../authorization-server.ts";
import type { Process } from "../instance.ts";
import type { Scene } from "../world.ts";
import type { Subject } from "./subject.ts";

/** Is a refresh token in the token set, a spare, or a journal? */
export function isKept(world: Pick<Scene, "disks">, { stored }: Subject, name: string): boolean {
  return stored.newest === name || stored.spares.includes(name) || isOnDisk(world, name);
}

function isOnDisk({ disks }: Pick<Scene, "disks">, name: string): boolean {
  return disks.some(({ holds }) => holds.has(name));
}

/** Living processes that have it in memory, and those to which an answer with it is on its way. */
export function holdersOf(subject: Subject, name: string): Process[] {
  const inMemory = [...(subject.delivered.get(name) ?? [])];
  const onItsWay = subject.exchanges
    .filter(({ overAt, issued }) => overAt === null && issued?.refreshToken?.name === name)
    .map(({ by }) => by);
  return [...inMemory, ...onItsWay].filter(({ alive }) => alive);
}

/** The refresh tokens of a connection's newest consent that would bring tokens now. */
export function livingTokens({ family: { root }, site: { server } }: Subject): RefreshToken[] {
  return root ? [root, ...descendants(root)].filter(({ name }) => server.accepts(name)) : [];
}

/** A token and everything that was issued for it, and for that. */
function descendants(token: RefreshToken): RefreshToken[] {
  return token.successors.flatMap((successor) => [successor, ...descendants(successor)]);
}
