import { z } from "zod";
import type { Transport } from "../oauth/http.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import { createRounds, type Rounds } from "../runtime/rounds.ts";
import type { Secret } from "../runtime/secret.ts";
import { codeOf } from "../runtime/service-error.ts";
import { addresseeOf, type SecurityEventPorts } from "./ports.ts";
import { receiveToken } from "./receive-token.ts";
import { signingSecretAddress } from "./receiver.ts";
import type { ReceiptError } from "./verify-token.ts";

export interface PollPorts extends SecurityEventPorts {
  transport: Transport;
}

const INTERVAL = MINUTE;
const DEADLINE = 10 * SECOND;
/** Tokens of one answer, and answers of one round. */
const MOST_TOKENS = 100;
const MOST_ANSWERS = 10;

/**
 * Asks transmitters that do not push for what there is, once a minute (RFC 8936). Each instance does: a token that two of them are
 * given is taken once.
 */
export function createPoller(ports: PollPorts): Rounds {
  let isStopping = false;
  const rounds = createRounds(ports, INTERVAL, async () => {
    const clientIds = await ports.receivers.polled();
    await Promise.all(
      clientIds.map((clientId) => poll(ports, clientId, () => isStopping).catch(reporting(ports, clientId))),
    );
  });
  return {
    start: () => rounds.start(),
    stop: () => {
      isStopping = true;
      return rounds.stop();
    },
  };
}

function reporting({ observer }: PollPorts, clientId: string) {
  return (error: unknown): void => observer.event("security_event.poll_failed", { clientId, code: codeOf(error) });
}

/** What is told of the tokens of the answer before. */
interface Receipts {
  ack: string[];
  setErrs: Record<string, { err: ReceiptError; description: string }>;
}

async function poll(ports: PollPorts, clientId: string, isStopping: () => boolean): Promise<void> {
  const { client } = await addresseeOf(ports, clientId);
  const { pollUrl } = await ports.receivers.settings(clientId);
  const stored = await ports.receivers.signingSecret(clientId, "poll");
  if (pollUrl === null) return;
  const token = stored && (await ports.sealer.open(signingSecretAddress(client.tenantId, stored.id), stored.sealed));
  let receipts: Receipts = { ack: [], setErrs: {} };
  for (let answers = 1; !isStopping(); answers++) {
    // The last request only says what became of the tokens (RFC 8936 §2.4.2).
    const isLast = answers > MOST_ANSWERS;
    const page = await ask(ports, { clientId, url: pollUrl, token }, receipts, isLast ? 0 : MOST_TOKENS);
    if (!page || isLast || Object.keys(page.sets).length === 0) return;
    receipts = await takeAll(ports, clientId, page.sets);
    // Until what was taken is acknowledged it would come again.
    if (!page.moreAvailable) answers = MOST_ANSWERS;
  }
}

const answerSchema = z.object({
  sets: z.record(z.string().max(300), z.string().max(64 * 1024)),
  moreAvailable: z.boolean().default(false),
});

interface Asked {
  clientId: string;
  url: string;
  token: Secret<string> | null;
}

/** Null where there is no answer that can be read. */
async function ask(
  { transport, observer }: PollPorts,
  { clientId, url, token }: Asked,
  receipts: Receipts,
  maxEvents: number,
): Promise<z.infer<typeof answerSchema> | null> {
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    ...(token && { authorization: `Bearer ${token.reveal()}` }),
  };
  const body = JSON.stringify({ maxEvents, returnImmediately: true, ...receipts });
  const result = await transport.send({ method: "POST", url, headers, body }, { deadlineMs: DEADLINE });
  const code = result.kind === "failure" ? result.reason : `http_${result.response.status}`;
  const answer =
    result.kind === "response" && result.response.status === 200
      ? answerSchema.safeParse(parseJsonObject(new TextDecoder().decode(result.response.body))).data
      : undefined;
  if (!answer) observer.event("security_event.poll_failed", { clientId, code });
  return answer ?? null;
}

async function takeAll(ports: PollPorts, clientId: string, sets: Readonly<Record<string, string>>): Promise<Receipts> {
  const receipts: Receipts = { ack: [], setErrs: {} };
  for (const [jti, token] of Object.entries(sets).slice(0, MOST_TOKENS)) {
    const result = await receiveToken(ports, clientId, token);
    if (result.kind === "accepted") receipts.ack.push(jti);
    else receipts.setErrs[jti] = { err: result.err, description: result.description };
  }
  return receipts;
}
