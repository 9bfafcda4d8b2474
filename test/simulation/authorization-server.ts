import type { Provider } from "../../src/provider/provider.ts";

/** What the server really does, which may be kinder than what the catalogue knows of it. */
export interface ServerHabits {
  replay: Provider["replay"];
  /**
   * In a replay window: the same successor again, a new one that ends the one before, or a new one beside it.
   */
  again: "same" | "latest" | "all";
  /** After the time in which a replay is answered, it ends the whole family. */
  punishesLate: boolean;
  /** How often a refresh replaces the refresh token; the others leave it as it is. */
  rotates: number;
  lifetimeSeconds: number;
}

/** Everything that one consent led to. */
export interface Family {
  connectionId: string;
  /** The first refresh token; null before there is one. */
  root: RefreshToken | null;
  revoked: "by_user" | "punished" | null;
}

export interface RefreshToken {
  name: string;
  /** Counts what was issued for the connection. */
  order: number;
  family: Family;
  /** When it was first used in exchange for a successor; null while it has none. */
  usedAt: number | null;
  successors: RefreshToken[];
  /** Replaced by a newer successor of the same token. */
  ended: boolean;
}

export interface Issued {
  accessToken: string;
  /** Null when the answer leaves it as it is. */
  refreshToken: RefreshToken | null;
}

export type ServerAnswer = { kind: "issued"; issued: Issued } | { kind: "rejected"; punished: boolean };

/** An authorization server's memory, and the only place where it is known which tokens are good. */
export interface AuthorizationServer {
  habits: ServerHabits;
  authorize(connectionId: string): Issued & { refreshToken: RefreshToken };
  /** RFC 6749 §6. */
  refresh(name: string): ServerAnswer;
  /** Would a refresh with this token bring tokens now? */
  accepts(name: string): boolean;
  find(name: string): RefreshToken | undefined;
}

export function createAuthorizationServer(now: () => number, habits: ServerHabits): AuthorizationServer {
  const tokens = new Map<string, RefreshToken>();
  const counts = new Map<string, number>();

  function nameFor(connectionId: string, letter: string): string {
    const count = (counts.get(`${connectionId}${letter}`) ?? 0) + 1;
    counts.set(`${connectionId}${letter}`, count);
    return `${connectionId}${letter}${count}`;
  }

  function issueAccess({ connectionId }: Family): string {
    return nameFor(connectionId, "a");
  }

  function issueRefresh(family: Family): RefreshToken {
    const name = nameFor(family.connectionId, "r");
    const order = counts.get(`${family.connectionId}r`) ?? 0;
    const token = { name, order, family, usedAt: null, successors: [], ended: false };
    tokens.set(name, token);
    return token;
  }

  function refresh(name: string): ServerAnswer {
    const token = tokens.get(name);
    if (!token || !isAccepted(token)) return { kind: "rejected", punished: token ? punish(token) : false };
    const accessToken = issueAccess(token.family);
    return { kind: "issued", issued: { accessToken, refreshToken: successorOf(token) } };
  }

  function isAccepted(token: RefreshToken): boolean {
    if (token.family.revoked !== null || token.ended) return false;
    return token.usedAt === null || isReplayAnswered(token, token.usedAt);
  }

  function isReplayAnswered({ successors }: RefreshToken, usedAt: number): boolean {
    const { replay, again } = habits;
    if (replay.class === "until_used") return successors.every((successor) => successor.usedAt === null);
    if (replay.class !== "window" || now() - usedAt >= replay.seconds * 1000) return false;
    return again !== "latest" || successors.every((successor) => successor.usedAt === null);
  }

  /** Says whether the family ended with it. */
  function punish(token: RefreshToken): boolean {
    const { replay, punishesLate } = habits;
    const punishes = replay.class === "punished" || (punishesLate && replay.class !== "none");
    if (!punishes || token.usedAt === null || token.family.revoked !== null) return false;
    token.family.revoked = "punished";
    return true;
  }

  /** The refresh token of the answer; null when it leaves it as it is. */
  function successorOf(token: RefreshToken): RefreshToken | null {
    const { replay, again } = habits;
    if (replay.class === "static") return null;
    const last = token.successors.at(-1);
    if (last && (replay.class === "until_used" || again === "same")) return last;
    if (!last && !rotatesNow()) return null;
    if (again === "latest") for (const successor of token.successors) successor.ended = true;
    token.usedAt ??= now();
    const successor = issueRefresh(token.family);
    token.successors.push(successor);
    return successor;
  }

  let refreshes = 0;
  /** Spread evenly, and without chance, so that a run in which nothing else changes stays the same. */
  function rotatesNow(): boolean {
    refreshes++;
    return Math.floor(refreshes * habits.rotates) > Math.floor((refreshes - 1) * habits.rotates);
  }

  return {
    habits,
    authorize: (connectionId) => {
      const family: Family = { connectionId, root: null, revoked: null };
      const refreshToken = issueRefresh(family);
      family.root = refreshToken;
      return { accessToken: issueAccess(family), refreshToken };
    },
    refresh,
    accepts: (name) => {
      const token = tokens.get(name);
      return token !== undefined && isAccepted(token);
    },
    find: (name) => tokens.get(name),
  };
}
