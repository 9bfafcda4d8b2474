import type { Cause } from "../../connection/cause.ts";
import type { ErrorCode } from "../../runtime/service-error.ts";

/**
 * All that users are told, in one language. `{account}`, `{other}`, `{provider}` and `{date}` stand for names that are put in when a
 * page is made; test/pages/locales.test.ts holds that every language has the same ones.
 */
export interface Locale {
  /** RFC 5646. */
  tag: string;
  dir: "ltr" | "rtl";
  /** These stand for accounts that have no name. */
  anAccount: string;
  anotherAccount: string;
  footer: string;
  /** The page behind a reauthorization link. */
  reauthorize: {
    title: string;
    stopped: string;
    customerAdmin: string;
    operator: string;
    next: string;
    mayChange: string;
    working: { title: string; text: string; next: string };
    suspended: { title: string; text: string; wait: string };
    button: string;
  };
  /** The page that leads on by itself. */
  onward: { title: string; text: string; link: string };
  /** What came of a sign-in. */
  result: {
    waiting: Telling;
    connected: Telling;
    healed: Telling;
    briefly: Telling;
    /** Less was allowed than is needed. */
    partly: Telling;
    failed: Telling;
  };
  /** Another account came back. */
  otherAccount: {
    title: string;
    given: string;
    unknown: string;
    kept: string;
    signOut: string;
    again: string;
    ask: { title: string; given: string; consequence: string; switch: string; keep: string };
  };
  /** A page that could not be shown. */
  failure: { title: string; passing: Telling };
  problems: Record<UserProblem, string>;
  /** Why an account stopped; null where it is none of its user's concern. */
  causes: Record<Cause, string | null>;
}

interface Telling {
  title: string;
  text: string;
}

/** The codes that users meet; `other` is for all the rest. */
export type UserProblem =
  | Extract<
      ErrorCode,
      | "not_found"
      | "conflict"
      | "limit_reached"
      | "unknown_provider"
      | "state_invalid"
      | "connect_session_expired"
      | "connection_disconnected"
      | "access_denied"
      | "authorization_failed"
      | "code_exchange_failed"
      | "refresh_token_missing"
      | "scope_insufficient"
    >
  | "other";
