import type { Scope } from "./api-key.ts";

/** A person who signed in at the issuer that the settings name, as it described that person then. */
export interface Operator {
  issuer: string;
  /** `sub`: the issuer gives it to nobody else. */
  subject: string;
  /** Null where there is none, or nobody has verified it. */
  email: string | null;
  /** Those that the settings named when the person signed in. */
  groups: string[];
}

/** From the least to the most. */
export const ROLES = ["viewer", "operator", "admin"] as const;

export type Role = (typeof ROLES)[number];

const READS = ["connections:read", "audit:read", "metrics:read", "webhooks:read"] as const;

/** What each role may, by the scopes of API keys. None but `admin` reads a token. */
export const SCOPES_OF: Readonly<Record<Role, readonly Scope[]>> = {
  viewer: READS,
  operator: [...READS, "connections:write", "clients:write", "webhooks:write"],
  admin: ["admin"],
};

/** Who may sign in, by e-mail address, by the domain of it, or by a group. */
export interface AllowedOperator {
  kind: "email" | "domain" | "group";
  /** An address or a domain in lower case. */
  name: string;
  role: Role;
}

export interface OperatorPolicy {
  issuer: string;
  allowed: readonly AllowedOperator[];
}

/** The most that any fitting entry gives; null for whoever may not sign in, or not any more. */
export function roleOf(operator: Operator, policy: OperatorPolicy | null): Role | null {
  if (policy === null || operator.issuer !== policy.issuer) return null;
  const given = new Set(policy.allowed.filter((entry) => fits(entry, operator)).map(({ role }) => role));
  return ROLES.findLast((role) => given.has(role)) ?? null;
}

function fits({ kind, name }: AllowedOperator, { email, groups }: Operator): boolean {
  switch (kind) {
    case "email":
      return email !== null && email.toLowerCase() === name;
    case "domain":
      return email !== null && email.toLowerCase().endsWith(`@${name}`);
    case "group":
      return groups.includes(name);
  }
}

/** ASCII alone: other letters become those of another address when their case is changed. */
const EMAIL = /^[\x21-\x3f\x41-\x7e]{1,64}@[\x21-\x3f\x41-\x7e]{1,189}$/;

export function isEmail(text: string): boolean {
  return EMAIL.test(text);
}

const ENTRY = /^([^=]+?)(?:\s*=\s*(viewer|operator|admin))?$/;
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;

/** `alice@example.com`, `domain:example.com` or `group:name`, each with `=viewer`, `=operator` or `=admin`. Null for anything else. */
export function parseAllowedOperator(text: string): AllowedOperator | null {
  const [, who = "", role = "admin"] = ENTRY.exec(text) ?? [];
  const known = ROLES.find((each) => each === role) ?? "viewer";
  const [, kind, name = ""] = /^(domain|group):(.+)$/.exec(who) ?? [];
  if (kind === "group") return name.length <= LONGEST_GROUP ? { kind, name, role: known } : null;
  if (kind === "domain") {
    const domain = name.toLowerCase();
    return DOMAIN.test(domain) ? { kind, name: domain, role: known } : null;
  }
  return isEmail(who) ? { kind: "email", name: who.toLowerCase(), role: known } : null;
}

export const LONGEST_GROUP = 200;
