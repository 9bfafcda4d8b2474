import type { Fault } from "./behaviour.ts";

export type GrantKind = "authorization_code" | "refresh_token" | "other";

/**
 * Something the sandbox did. The counts and the verbose lines are both made of these.
 * Names in an event are those of known users and clients only, and no event carries a token or a secret.
 */
export type SandboxEvent =
  | { kind: "token_request"; grant: GrantKind; clientId: string | null; user: string | null }
  | { kind: "token_answer"; grant: GrantKind; status: number; user: string | null }
  | { kind: "fault_served"; fault: Fault["kind"] }
  | { kind: "reuse_detected"; user: string }
  | { kind: "revocation_request"; clientId: string | null }
  | { kind: "api_request"; method: string; path: string; status: number }
  | { kind: "signed_in"; user: string }
  | { kind: "consent"; user: string; decision: "allow" | "deny" }
  | { kind: "control"; action: string }
  | { kind: "server_error"; message: string };

export type Observe = (event: SandboxEvent) => void;

/** One line for a person who watches. */
export function describeEvent(event: SandboxEvent): string {
  switch (event.kind) {
    case "token_request":
      return `token request (${event.grant}) by ${event.clientId ?? "an unknown client"} for ${event.user ?? "nobody known"}`;
    case "token_answer":
      return `token answer (${event.grant}) ${event.status} for ${event.user ?? "nobody known"}`;
    case "fault_served":
      return `fault served: ${event.fault}`;
    case "reuse_detected":
      return `a used refresh token of ${event.user} was presented`;
    case "revocation_request":
      return `revocation request by ${event.clientId ?? "an unknown client"}`;
    case "api_request":
      return `${event.method} ${event.path} ${event.status}`;
    case "signed_in":
      return `${event.user} signed in`;
    case "consent":
      return `${event.user} chose to ${event.decision}`;
    case "control":
      return `control: ${event.action}`;
    case "server_error":
      return `internal error: ${event.message}`;
  }
}
