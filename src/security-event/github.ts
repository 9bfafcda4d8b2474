import { createHmac } from "node:crypto";
import { parseJsonObject } from "../oauth/json-object.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import type { SecurityEventType } from "./event-type.ts";
import type { SignedMessage } from "./receive-message.ts";
import type { ReceivedEvent } from "./take.ts";

const ISSUER = "https://github.com";

/** Is the message signed with the client's webhook secret? Its headers are not, and neither is a time. */
export function isFromGitHub({ headers, body }: SignedMessage, webhookSecret: Secret<string>): boolean {
  const signature = headers["x-hub-signature-256"] ?? "";
  const digest = createHmac("sha256", webhookSecret.reveal()).update(body).digest("hex");
  return sameSecret(signature, `sha256=${digest}`);
}

/** What a webhook says whose signature is right; null where that is nothing about anybody's access. */
export function readGitHubMessage({ headers, body }: SignedMessage): ReceivedEvent | null {
  const { "x-github-event": name = "", "x-github-delivery": delivery = "" } = headers;
  const message = parseJsonObject(new TextDecoder().decode(body)) ?? {};
  const type = TYPES[`${name}.${String(message["action"])}`];
  if (!type || delivery === "" || delivery.length > 200) return null;
  const about = type === "github.authorization_revoked" ? message["sender"] : accountIn(message["installation"]);
  const id = idOf(about);
  const marks = id === null ? [] : [{ by: "account", id } as const];
  const subject = { format: type === "github.authorization_revoked" ? "github_user" : "github_account", marks };
  return { issuer: ISSUER, jti: delivery, issuedAt: null, type, facts: {}, subject, isOfProvider: false };
}

const TYPES: Readonly<Record<string, SecurityEventType>> = {
  "github_app_authorization.revoked": "github.authorization_revoked",
  "installation.deleted": "github.installation_deleted",
  "installation.suspend": "github.installation_suspended",
  "installation.unsuspend": "github.installation_unsuspended",
};

function accountIn(installation: unknown): unknown {
  return typeof installation === "object" && installation !== null ? Reflect.get(installation, "account") : null;
}

function idOf(value: unknown): string | null {
  const id: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "id") : null;
  return typeof id === "number" && Number.isSafeInteger(id) ? String(id) : null;
}
