import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { EventLimit } from "../../access/event-limit.ts";
import type { SecurityEventPorts } from "../../security-event/ports.ts";
import { receiveMessage } from "../../security-event/receive-message.ts";
import { receiveToken } from "../../security-event/receive-token.ts";
import type { Sender } from "../../security-event/receiver.ts";
import type { ReceiptError } from "../../security-event/verify-token.ts";
import type { PeerAddress } from "../peer-address.ts";

export interface SecurityEventAddressDeps extends SecurityEventPorts {
  limit: EventLimit;
  peerAddress: PeerAddress;
}

/** Bytes: a token tells of one subject and a few events. */
const LARGEST_TOKEN = 64 * 1024;
/** A webhook about an installation lists its repositories. */
const LARGEST_MESSAGE = 1024 * 1024;

/** Where providers push security events for a client. There is no API key: what is sent is signed. */
export function securityEventAddresses(app: Pick<FastifyInstance, "register">, deps: SecurityEventAddressDeps): void {
  void app.register(async (tokens: FastifyInstance) => tokenAddress(tokens, deps));
  void app.register(async (messages: FastifyInstance) => messageAddresses(messages, deps));
}

const hidden = { hide: true };

/** RFC 8935 §2. */
function tokenAddress(app: FastifyInstance, deps: SecurityEventAddressDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/secevent+jwt", { parseAs: "string" }, (_request, body, done) =>
    done(null, String(body)),
  );
  app.addHook("onRequest", async (request) => deps.limit.take(deps.peerAddress(request.raw)));
  app.setErrorHandler((error, _request, reply) => {
    const description = DESCRIPTIONS[codeOf(error)];
    if (description === undefined) throw error;
    return refuse(reply, "invalid_request", description);
  });
  app.post("/security-events/:id", { schema: hidden, bodyLimit: LARGEST_TOKEN }, async (request, reply) => {
    const { body } = request;
    if (typeof body !== "string") return refuse(reply, "invalid_request", NOT_A_TOKEN);
    const result = await receiveToken(deps, idIn(request), body.trim());
    return result.kind === "accepted" ? reply.status(202).send() : refuse(reply, result.err, result.description);
  });
}

const NOT_A_TOKEN = "Send one token as application/secevent+jwt.";

/** What the framework finds wrong before it is read. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: NOT_A_TOKEN,
  FST_ERR_CTP_BODY_TOO_LARGE: "The token is larger than what is taken.",
};

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** RFC 8935 §2.3: nothing of the request is repeated. */
function refuse(reply: FastifyReply, err: ReceiptError, description: string): FastifyReply {
  return reply.status(400).header("content-language", "en").send({ err, description });
}

/** The bytes are read as they came, because they are what is signed. */
function messageAddresses(app: FastifyInstance, deps: SecurityEventAddressDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.addHook("onRequest", async (request) => deps.limit.take(deps.peerAddress(request.raw)));
  const routed = { schema: hidden, bodyLimit: LARGEST_MESSAGE };
  app.post("/security-events/:id/slack", routed, (request, reply) => receive(deps, "slack", request, reply));
  app.post("/security-events/:id/github", routed, (request, reply) => receive(deps, "github", request, reply));
}

async function receive(
  deps: SecurityEventAddressDeps,
  sender: Sender,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, typeof value === "string" ? value : undefined]),
  );
  const accepted = await receiveMessage(deps, { clientId: idIn(request), sender }, { headers, body });
  if (accepted.kind === "accepted") return reply.status(200).send();
  return reply.header("x-content-type-options", "nosniff").type("text/plain").send(accepted.challenge);
}

function idIn({ params }: FastifyRequest): string {
  return typeof params === "object" && params !== null && "id" in params ? String(params.id) : "";
}
