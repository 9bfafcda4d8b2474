import { createHmac } from "node:crypto";
import { parseJsonObject } from "../oauth/json-object.ts";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import type { SignedMessage } from "./receive-message.ts";
import type { Mark } from "./subject.ts";
import type { ReceivedEvent } from "./take.ts";

/** What Slack's Events API sent. */
export type SlackMessage =
  | { kind: "challenge"; challenge: string }
  | { kind: "event"; event: ReceivedEvent }
  | { kind: "other" };

const ISSUER = "https://slack.com";
/** An older message may be one that somebody has kept. */
const OLDEST = 5 * MINUTE;
const MOST_USERS = 1000;

/** Is the message signed with the client's signing secret, and not long ago? `now` is in epoch milliseconds. */
export function isFromSlack({ headers, body }: SignedMessage, signingSecret: Secret<string>, now: number): boolean {
  const timestamp = headers["x-slack-request-timestamp"];
  const signature = headers["x-slack-signature"];
  if (timestamp === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp) * SECOND) > OLDEST) return false;
  const digest = createHmac("sha256", signingSecret.reveal()).update(`v0:${timestamp}:`).update(body).digest("hex");
  return sameSecret(signature, `v0=${digest}`);
}

/** What a message says whose signature is right. */
export function readSlackMessage(body: Uint8Array): SlackMessage {
  const message = parseJsonObject(new TextDecoder().decode(body)) ?? {};
  const { type, challenge, event_id: id, team_id: team, event_time: time } = message;
  if (type === "url_verification" && typeof challenge === "string" && /^[\x20-\x7e]{1,500}$/.test(challenge)) {
    return { kind: "challenge", challenge };
  }
  const event = typeof message["event"] === "object" ? { ...message["event"] } : {};
  const subject = typeof team === "string" ? subjectOf(team, event) : null;
  if (type !== "event_callback" || !isId(id) || !subject) return { kind: "other" };
  const issuedAt = typeof time === "number" ? time * SECOND : null;
  return {
    kind: "event",
    event: { issuer: ISSUER, jti: id, issuedAt, facts: {}, isOfProvider: false, ...subject },
  };
}

/** Users and bots are told by their ids: as an account here is, within its workspace. */
function subjectOf(
  team: string,
  event: Readonly<Record<string, unknown>>,
): Pick<ReceivedEvent, "type" | "subject"> | null {
  switch (event["type"]) {
    case "tokens_revoked": {
      const marks = usersOf(event["tokens"]).map((user): Mark => ({ by: "account", id: `${team}.${user}` }));
      return { type: "slack.tokens_revoked", subject: { format: "slack_users", marks } };
    }
    case "app_uninstalled":
      return {
        type: "slack.app_uninstalled",
        subject: { format: "slack_team", marks: [{ by: "accounts", prefix: `${team}.` }] },
      };
    default:
      return null;
  }
}

function usersOf(tokens: unknown): string[] {
  const lists: unknown[] = typeof tokens === "object" && tokens !== null ? Object.values(tokens) : [];
  const users: unknown[] = lists.flatMap((list: unknown) => (Array.isArray(list) ? list : []));
  return users.filter((user) => isId(user)).slice(0, MOST_USERS);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= 200;
}
