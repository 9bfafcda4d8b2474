import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isFromGitHub, readGitHubMessage } from "./github.ts";
import { addresseeOf, noReceiver, type Addressee, type SecurityEventPorts } from "./ports.ts";
import { signingSecretAddress, type Sender } from "./receiver.ts";
import { isFromSlack, readSlackMessage } from "./slack.ts";
import { takeEvent } from "./take.ts";

/** A message whose bytes are signed with a secret that its sender shares with the client. */
export interface SignedMessage {
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
}

/** `challenge`: to be said back, which proves that the address is ours. */
export type Acceptance = { kind: "accepted" } | { kind: "challenge"; challenge: string };

/**
 * Takes a message that was sent to a client's address. Of the many that an application may have asked for, those that say
 * nothing about anybody's access are accepted and forgotten. Throws `invalid_request` where the signature is wrong, `not_found`, and
 * what passes.
 */
export async function receiveMessage(
  ports: SecurityEventPorts,
  { clientId, sender }: { clientId: string; sender: Sender },
  message: SignedMessage,
): Promise<Acceptance> {
  const addressee = await addresseeOf(ports, clientId);
  const secret = await signingSecretOf(ports, addressee, sender);
  switch (sender) {
    case "slack":
      if (!isFromSlack(message, secret, ports.clock.now())) throw notSigned(ports, clientId);
      return takeSlack(ports, addressee, message);
    case "github": {
      if (!isFromGitHub(message, secret)) throw notSigned(ports, clientId);
      const event = readGitHubMessage(message);
      if (event) await takeEvent(ports, addressee, event);
      return { kind: "accepted" };
    }
  }
}

async function takeSlack(
  ports: SecurityEventPorts,
  addressee: Addressee,
  { body }: SignedMessage,
): Promise<Acceptance> {
  const said = readSlackMessage(body);
  if (said.kind === "challenge") return said;
  if (said.kind === "event") await takeEvent(ports, addressee, said.event);
  return { kind: "accepted" };
}

async function signingSecretOf(
  { receivers, sealer }: SecurityEventPorts,
  { client }: Addressee,
  sender: Sender,
): Promise<Secret<string>> {
  const stored = await receivers.signingSecret(client.id, sender);
  if (!stored) throw noReceiver();
  return sealer.open(signingSecretAddress(client.tenantId, stored.id), stored.sealed);
}

function notSigned({ observer }: SecurityEventPorts, clientId: string): ServiceError {
  observer.event("security_event.refused", { clientId, code: "authentication_failed" });
  return new ServiceError(
    "invalid_request",
    "The message is not signed with the secret of this client, or too long ago.",
  );
}
