import { z } from "zod";
import { VERDICTS, type SecurityEvent } from "../security-event/store.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

const address = z.string().describe("Give the provider exactly this");

export const receiverSchema = z
  .object({
    client: z.string(),
    push_url: address,
    issuer: z.string().nullable().describe("Whose tokens are taken; null: none are"),
    audience: z.array(z.string()).describe("Whom they have to be for, any of them"),
    poll_url: z.string().nullable().describe("Where the issuer is asked once a minute (RFC 8936); null: it pushes"),
    poll_token: z.boolean().describe("Whether there is one"),
    slack_url: address,
    slack_signing_secret: z.boolean().describe("Whether there is one"),
    github_url: address,
    github_webhook_secret: z.boolean().describe("Whether there is one"),
  })
  .meta({ id: "SecurityEventReceiver" });

export const eventSchema = z
  .object({
    id: z.string(),
    client: z.string().describe("At whose address it arrived"),
    issuer: z.string(),
    jti: z.string().describe("Its id at the issuer"),
    type: z.string(),
    subject_format: z.string().nullable().describe("How it names whom it is about (RFC 9493)"),
    verdict: z.enum(VERDICTS),
    connections: z.int().describe("How many it concerned"),
    issued_at: time.nullable(),
    received_at: time,
  })
  .meta({ id: "SecurityEvent" });

export function eventView(event: SecurityEvent): z.infer<typeof eventSchema> {
  return {
    id: event.id,
    client: event.clientId,
    issuer: event.issuer,
    jti: event.jti,
    type: event.type,
    subject_format: event.subjectFormat,
    verdict: event.verdict,
    connections: event.connections,
    issued_at: toTimeOrNull(event.issuedAt),
    received_at: toTime(event.receivedAt),
  };
}
