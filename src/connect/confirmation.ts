import { createHmac } from "node:crypto";
import { ServiceError } from "../runtime/service-error.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";

/**
 * What only the browser that came back from the provider is told, on its way to the return URL. Whoever made the session knows its
 * id, and could send the connect URL to somebody else; the application would then complete it for the one who waits at the return
 * URL, with the account of the one who signed in (cross-user takeover, BCP 240 §4.7).
 */
export function confirmationOf({ linkKey }: Pick<ConnectPorts, "linkKey">, session: ConnectSession): string {
  const claim = `confirm.${session.id}.${session.attempt?.stateHash ?? ""}`;
  return createHmac("sha256", linkKey.reveal()).update(claim).digest("base64url");
}

/** Throws `invalid_request` without a confirmation, and `conflict` when it is not the one that the browser was told. */
export function requireConfirmation(
  ports: Pick<ConnectPorts, "linkKey">,
  session: ConnectSession,
  given: string | null,
): void {
  if (session.completion === "automatic") return;
  if (given === null) {
    throw new ServiceError(
      "invalid_request",
      "confirmation: needed for this session. It is a parameter of the return_url, as the user's browser was sent there.",
    );
  }
  if (sameSecret(given, confirmationOf(ports, session))) return;
  throw new ServiceError(
    "conflict",
    "The confirmation is not the one that the user's browser was sent back with; nothing was connected.",
  );
}
