/** What the sandbox does beyond the happy path. Every field can be changed while it runs. */
export interface Behaviour {
  /** `expires_in` of every access token issued from now on. */
  accessTokenLifetimeSeconds: number;
  /** Whether a refresh also replaces the refresh token (RFC 6749 §6). Off: the answer repeats the same one. */
  rotation: boolean;
  reuse: Reuse;
  /** Whether a refresh token takes `scope=offline_access` and `prompt=consent` (OpenID Connect Core §11). */
  offlineAccessRequired: boolean;
  tokenEndpointFault: null | Fault;
  tokenEndpointDelay: null | Delay;
  /** The nonce that the resource server wants in the proofs of clients with `dpop: "nonce"` (RFC 9449 §9). */
  apiNonce: string;
}

/** What happens to a refresh token that rotation has already replaced. */
export type Reuse =
  /** Accepted again for some seconds after its first use, an error from then on. */
  | { kind: "accept"; seconds: number }
  /** `invalid_grant`, and nothing else happens. */
  | { kind: "error" }
  /** `invalid_grant`, and every token of the grant is revoked (RFC 9700 §4.14.2). */
  | { kind: "revoke_family" };

/** How the token endpoint fails. With `times` only the next so many requests are hit, then it clears itself. */
export type Fault = (
  | { kind: "status"; status: number }
  | { kind: "rate_limit"; retryAfterSeconds: number }
  | { kind: "hang" }
  | { kind: "cut_after_commit" }
  | { kind: "html"; status: number }
  | { kind: "empty"; status: number }
) & { times?: number };

/** How long the token endpoint takes, at random between the two; part of it before the server acts, the rest after. */
export interface Delay {
  fromMs: number;
  toMs: number;
}

/** The behaviour in force. */
export interface BehaviourSwitches {
  current(): Behaviour;
  change(patch: Partial<Behaviour>): void;
  /** The fault this token request is to suffer; uses up one of its `times`. */
  takeFault(): Fault | null;
  /** Resolves when the fault is next set or cleared. A fault that runs out of `times` does not count. */
  untilFaultChanges(): Promise<void>;
}

/** Throws a RangeError for values that make no sense, leaving everything as it was. */
export function createBehaviourSwitches(initial: Partial<Behaviour>): BehaviourSwitches {
  let current: Behaviour = { ...defaultBehaviour, ...sensible(initial) };
  const waiting = new Set<() => void>();

  return {
    current: () => structuredClone(current),
    change: (patch) => {
      current = { ...current, ...structuredClone(sensible(patch)) };
      if (patch.tokenEndpointFault === undefined) return;
      for (const resume of waiting) resume();
      waiting.clear();
    },
    takeFault: () => {
      const fault = current.tokenEndpointFault;
      if (fault?.times !== undefined) {
        const left = fault.times - 1;
        current = { ...current, tokenEndpointFault: left === 0 ? null : { ...fault, times: left } };
      }
      return fault;
    },
    untilFaultChanges: () => new Promise((resolve) => waiting.add(resolve)),
  };
}

/** Says in a sentence what makes no sense in a change, or null. */
export function problemWith(patch: Partial<Behaviour>): string | null {
  const { accessTokenLifetimeSeconds: lifetime, reuse, tokenEndpointFault: fault, tokenEndpointDelay: delay } = patch;
  if (patch.apiNonce !== undefined && !/^[\w-]+$/.test(patch.apiNonce)) {
    return "the nonce of the API must be letters, digits, - and _";
  }
  if (lifetime !== undefined && !isWhole(lifetime, 1)) {
    return "the access token lifetime must be a whole number of seconds, at least 1";
  }
  if (reuse?.kind === "accept" && !(Number.isFinite(reuse.seconds) && reuse.seconds >= 0)) {
    return "the seconds a used refresh token is accepted for must be a number, at least 0";
  }
  if (delay && !(isWhole(delay.fromMs, 0) && isWhole(delay.toMs, delay.fromMs))) {
    return "a delay must be whole milliseconds, from no more than to";
  }
  return fault ? problemWithFault(fault) : null;
}

function problemWithFault(fault: Fault): string | null {
  if (fault.times !== undefined && !isWhole(fault.times, 1)) {
    return "the times of a fault must be a whole number, at least 1";
  }
  switch (fault.kind) {
    case "status":
    case "html":
    case "empty":
      return isWhole(fault.status, 200) && fault.status <= 599 ? null : "the status of a fault must be from 200 to 599";
    case "rate_limit":
      return isWhole(fault.retryAfterSeconds, 0)
        ? null
        : "the retry-after of a fault must be a whole number of seconds, at least 0";
    case "hang":
    case "cut_after_commit":
      return null;
  }
}

const defaultBehaviour: Behaviour = {
  accessTokenLifetimeSeconds: 3600,
  rotation: true,
  reuse: { kind: "revoke_family" },
  offlineAccessRequired: true,
  tokenEndpointFault: null,
  tokenEndpointDelay: null,
  apiNonce: "api-nonce-1",
};

function sensible(patch: Partial<Behaviour>): Partial<Behaviour> {
  const problem = problemWith(patch);
  if (problem !== null) throw new RangeError(problem);
  return patch;
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}
