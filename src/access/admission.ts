import { SECOND, type Clock } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { blockOf, formatBlock, parseAddress } from "./address-block.ts";
import { mayCallFrom, type Authenticator, type Caller } from "./authenticator.ts";
import type { OperatorCaller, OperatorSessions } from "./operator-session.ts";
import type { KeyUses } from "./key-uses.ts";
import { createQuotas, type Quota } from "./quotas.ts";
import type { RateLimit, RateLimits } from "./rate-limits.ts";

/** Lets requests in by their API key, by the address that they come from, and by how many there were. */
export interface Admission {
  /** Whose key it is. Throws `unauthorized`, `forbidden`, or, where too many were refused already, `rate_limited`. */
  identify(key: string | undefined, from: string | null): Promise<Caller>;
  /** Whose session a cookie is. Throws the same. */
  identifyOperator(cookie: string, from: string | null): Promise<OperatorCaller>;
  /** As `identify`, from memory alone; undefined where `identify` has to look, or to say why not. */
  recall(key: string, from: string | null): Caller | undefined;
  /**
   * Looks up what stands beside a key, and finds null where that is wrong. Counted before the database is asked, so that no number
   * of guesses at once gets past the limit, and given back where it was right. Throws `rate_limited`.
   */
  guess<T>(from: string | null, lookUp: () => Promise<T | null>): Promise<T | null>;
  /** Counts a request and returns 0; or counts nothing and returns in how many milliseconds there may be one. */
  enter(caller: Caller, from: string | null): number;
  /** What the caller may still do, as it stands. */
  limitsOf(caller: Caller): RateLimit[];
}

/** Attempts of one address that fail: enough for a fleet whose key has just ended, and too few to load the database. */
const FAILURES: Quota = { perSecond: 10, burst: 200 };
const MOST_ADDRESSES = 10_000;

export interface AdmissionDeps {
  authenticator: Authenticator;
  operators: Pick<OperatorSessions, "verify">;
  limits: RateLimits;
  uses: Pick<KeyUses, "note">;
  clock: Clock;
}

export function createAdmission({ authenticator, operators, limits, uses, clock }: AdmissionDeps): Admission {
  const failures = createQuotas(clock, MOST_ADDRESSES);

  function countFailure(from: string | null): void {
    const waitMs = failures.take(networkOf(from), FAILURES);
    if (waitMs > 0) throw tooMany("Too many requests from this address were refused for their API key.", waitMs);
  }

  /**
   * A guess is counted before the database is asked, so that no number of them at once gets past the limit. A key that was good
   * lately is none: whoever guesses at the same address does not lock its caller out.
   */
  async function verify(key: string, from: string | null): Promise<Caller | null> {
    let counted = false;
    const caller = await authenticator.verify(key, () => {
      countFailure(from);
      counted = true;
    });
    if (caller && counted) failures.giveBack(networkOf(from), FAILURES);
    return caller;
  }

  async function identify(key: string | undefined, from: string | null): Promise<Caller> {
    const caller = key === undefined ? null : await verify(key, from);
    if (!caller)
      throw new ServiceError(
        "unauthorized",
        "Send a valid API key, or an agent token that is not over, as `Authorization: Bearer eg_…`.",
      );
    return requireAddress(caller, from);
  }

  function requireAddress<C extends Caller>(caller: C, from: string | null): C {
    if (mayCallFrom(caller, from)) return caller;
    countFailure(from);
    throw new ServiceError("forbidden", "This API key may not be used from the address that the request comes from.");
  }

  async function guess<T>(from: string | null, lookUp: () => Promise<T | null>): Promise<T | null> {
    countFailure(from);
    const found = await lookUp();
    if (found !== null) failures.giveBack(networkOf(from), FAILURES);
    return found;
  }

  async function identifyOperator(cookie: string, from: string | null): Promise<OperatorCaller> {
    const caller = await guess(from, () => operators.verify(cookie));
    if (!caller) throw new ServiceError("unauthorized", "This session is over. Sign in again.");
    return requireAddress(caller, from);
  }

  return {
    identify,
    identifyOperator,
    guess,
    recall: (key, from) => {
      const caller = authenticator.recall(key);
      return caller && mayCallFrom(caller, from) ? caller : undefined;
    },
    enter: (caller, from) => {
      const waitMs = limits.take(caller);
      if (waitMs === 0) uses.note(caller.keyId, from);
      return waitMs;
    },
    limitsOf: (caller) => limits.of(caller),
  };
}

/** What to answer when there were more requests than there may be. */
export function tooMany(sentence: string, waitMs: number): ServiceError {
  return new ServiceError("rate_limited", `${sentence} Go on in ${Math.ceil(waitMs / SECOND)} s.`, {
    retryAfterMs: waitMs,
  });
}

/** Whoever has one IPv6 address has all that share its first 64 bits (RFC 6177 §2). */
export function networkOf(from: string | null): string {
  const address = from === null ? null : parseAddress(from);
  return address ? formatBlock(blockOf(address, Math.min(address.bits, 64))) : "unknown";
}
