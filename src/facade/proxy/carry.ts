import type { FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../../access/authenticator.ts";
import type { AccessToken } from "../../refresh/access-token.ts";
import { MINUTE } from "../../runtime/clock.ts";
import { codeOf } from "../../runtime/service-error.ts";
import { requireOrigin, type createApiOf } from "./api-of.ts";
import { requestBody, type RequestBody } from "./body.ts";
import { exchange, type ProxiedRequest } from "./exchange.ts";
import { headersForApi, trailersForApi } from "./headers.ts";
import type { ProxiedAddress } from "./links.ts";
import { passOn, passOnInterim } from "./pass-on.ts";
import { startPassage, type Passage } from "./passage.ts";
import type { ProxyPorts } from "./ports.ts";
import type { Target } from "./target.ts";

/** Of the access token, in case that the API takes its time before it looks at it. */
const MIN_TTL = MINUTE;

/** Who asks for what. */
interface Asked {
  caller: Caller;
  target: Target;
  apiOf: ReturnType<typeof createApiOf>;
}

/** Carries a request to the API that it is for, and the answer back. Throws while nothing has been answered. */
export async function carry(
  ports: ProxyPorts,
  { caller, target, apiOf }: Asked,
  { raw, method }: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { connectionId, path } = target;
  const token = await ports.accessTokens.read({ tenantId: caller.tenantId, connectionId, minTtlMs: MIN_TTL });
  const { hosts, tokenHeader } = await apiOf(ports.storesFor(caller), token);
  const origin = requireOrigin(hosts, target.host, connectionId);
  ports.handedOut.count(caller.keyId, connectionId);
  const passage = startPassage(ports, { keyId: caller.keyId, connectionId }, reply.raw);
  const body = bodyOf(raw, reply.raw, passage);
  const asked: ProxiedRequest = {
    caller,
    method,
    origin,
    path,
    headers: headersForApi(raw.rawHeaders, new URL(origin).host),
    tokenHeader,
    body,
    trailers: () => trailersForApi(raw.rawTrailers),
    expectsContinue: body !== null && expectsContinue(raw),
  };
  const address = { url: origin + path, connectionId, hosts, publicUrl: ports.publicUrl };
  await relay({ ports, token, passage, address }, asked, reply);
}

interface Way {
  ports: ProxyPorts;
  token: AccessToken;
  passage: Passage;
  address: ProxiedAddress;
}

async function relay(
  { ports, token, passage, address }: Way,
  asked: ProxiedRequest,
  reply: FastifyReply,
): Promise<void> {
  const response = reply.raw;
  const { signal } = passage;
  try {
    const answer = await exchange(ports, asked, token, {
      signal,
      onInterim: (status, headers) => passOnInterim(status, headers, response),
    });
    reply.hijack();
    await passOn(answer, response, address, passage.received);
    passage.end("answered");
  } catch (error) {
    passage.end(reply.sent ? "broken" : UNREACHABLE.has(codeOf(error)) ? "unreachable" : "refused");
    // Whoever is gone is told nothing, and whoever has half of an answer is not told that it was the whole.
    if (!reply.sent && !signal.aborted) throw error;
    reply.hijack();
    response.destroy();
  }
}

const UNREACHABLE: ReadonlySet<string> = new Set(["api_unreachable", "api_timeout"]);

type Incoming = FastifyRequest["raw"];

function bodyOf(raw: Incoming, response: FastifyReply["raw"], { sent }: Passage): RequestBody | null {
  const { "content-length": length = "0", "transfer-encoding": coding } = raw.headers;
  if (length === "0" && coding === undefined) return null;
  // The caller's connection outlives a body that the API does not want to the end.
  const source = raw.iterator({ destroyOnReturn: false });
  return requestBody(source, {
    onStart: () => expectsContinue(raw) && response.writeContinue(),
    onBytes: sent,
    // What the API does not want is taken off the connection, for as long as `limitBody` lets it: other requests stand behind it.
    onEnd: () => void raw.resume(),
  });
}

/** RFC 9110 §10.1.1. */
function expectsContinue({ headers, httpVersionMinor }: Incoming): boolean {
  return httpVersionMinor > 0 && headers.expect?.toLowerCase() === "100-continue";
}
