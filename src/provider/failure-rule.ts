import { z } from "zod";
import type { OAuthError } from "../oauth/error-answer.ts";

/** Why a provider no longer accepts a refresh token; only a person can help. `unknown`: it does not say. */
export const REJECTION_CAUSES = [
  "revoked_by_user",
  "revoked_by_admin",
  "revoked_for_security",
  "password_changed",
  "idle_expired",
  "absolute_lifetime_reached",
  "interaction_required",
  "token_limit_exceeded",
  "refresh_token_reused",
  "account_disabled",
  "scope_insufficient",
  "unknown",
] as const;

/** What is wrong with the client; its connections are well. */
export const CLIENT_CAUSES = ["client_secret_rejected", "client_disabled"] as const;

/** What passes by itself; or when somebody lifts what stands in the way, which leaves the refresh token as good as it was. */
const PASSING_CAUSES = [
  "provider_unavailable",
  "provider_rate_limited",
  "revoked_by_admin",
  "client_secret_rejected",
] as const;

const text = z.string().min(1).max(300);
const several = <T extends z.ZodType>(one: T) => z.array(one).min(1);

/** Every condition that is given has to hold; a list holds when one of it does. Compared without regard to case. */
const match = z
  .strictObject({
    status: several(z.int().min(100).max(599)).optional(),
    /** A code of the answer, in whichever field. */
    code: several(text).optional(),
    /** Another one beside it: `error_subtype`, an AADSTS number, `errors[].errorType`. */
    subcode: several(text).optional(),
    /** Part of the description or the message. */
    text: several(text).optional(),
  })
  .refine((given) => Object.keys(given).length > 0, "a rule needs a condition");

const meaning = { match, meaning: text };

/** What one answer of a token endpoint to a refresh means. The first rule that matches decides; the general table comes after. */
export const failureRule = z.discriminatedUnion("outcome", [
  z.strictObject({
    ...meaning,
    outcome: z.literal("rejected"),
    cause: z.enum(REJECTION_CAUSES),
    confidence: z.enum(["certain", "likely", "possible"]),
    /** Who can help, where it is not whom the cause names. */
    who_acts: z.enum(["user", "customer_admin", "operator"]).nullable().default(null),
    /** Providers say this of healthy tokens too: asked again after so many seconds before it is believed. */
    confirm_after_seconds: z.int().positive().nullable().default(null),
  }),
  z.strictObject({ ...meaning, outcome: z.literal("client_fault"), cause: z.enum(CLIENT_CAUSES) }),
  z.strictObject({
    ...meaning,
    outcome: z.literal("retry_later"),
    cause: z.enum(PASSING_CAUSES),
    /** Who can help, where it does not pass by itself. */
    who_acts: z.enum(["user", "customer_admin", "operator"]).nullable().default(null),
    /** It is of no use to ask sooner. */
    again_after_seconds: z.int().positive().nullable().default(null),
  }),
]);

export type FailureRule = z.infer<typeof failureRule>;

/** The first of `rules` that `error` meets; null when none does. */
export function ruleFor(rules: readonly FailureRule[], error: OAuthError): FailureRule | null {
  return rules.find((rule) => meets(rule, error)) ?? null;
}

function meets({ match: { status, code, subcode, text: parts }, outcome }: FailureRule, error: OAuthError): boolean {
  const codes = new Set([error.code, ...error.subcodes].map((one) => one.toLowerCase()));
  const isOneOf = (named: readonly string[]) => named.some((one) => codes.has(one.toLowerCase()));
  const description = error.description?.toLowerCase() ?? "";
  // A server in trouble says many things; it condemns only where the rule means that very status.
  const inTrouble = error.status === 429 || error.status >= 500;
  return (
    (status === undefined ? !(inTrouble && outcome === "rejected") : status.includes(error.status)) &&
    (code === undefined || isOneOf(code)) &&
    (subcode === undefined || isOneOf(subcode)) &&
    (parts === undefined || parts.some((part) => description.includes(part.toLowerCase())))
  );
}
