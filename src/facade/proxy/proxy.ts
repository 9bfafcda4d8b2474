import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { reaches } from "../../access/authenticator.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { admit } from "../admit.ts";
import { createApiOf } from "./api-of.ts";
import { carry } from "./carry.ts";
import type { ProxyPorts } from "./ports.ts";
import { createRoom, type Room } from "./room.ts";
import { createRunning, type Running } from "./running.ts";
import { PREFIX, readTarget } from "./target.ts";

/** Beside those that the framework knows. WebDAV (RFC 4918) and its kin have methods of their own. */
const MORE_METHODS = ["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL"];

/** Its answer would be the request, with the token in it (RFC 9110 §9.3.8). */
const REFUSED_METHOD = "TRACE";

/** `/proxy/{connection}/{host}/…`: APIs for callers that cannot hold tokens. Bodies stream both ways, and are never held. */
export function proxy(app: Pick<FastifyInstance, "register">, ports: ProxyPorts): void {
  const proxied: Proxy = {
    ports,
    apiOf: createApiOf(),
    room: createRoom(ports.limits),
    running: createRunning(ports.clock),
  };
  // Before the framework looks at the body, which is not for it.
  const onRequest = (request: FastifyRequest, reply: FastifyReply) => serve(proxied, request, reply);
  void app.register(async (own: FastifyInstance) => {
    for (const method of MORE_METHODS) own.addHttpMethod(method, { hasBody: true });
    const route = { url: `${PREFIX}:connection/*`, exposeHeadRoute: false, onRequest, handler: () => undefined };
    const hidden = own.supportedMethods.filter((method) => method !== "GET" && method !== REFUSED_METHOD);
    own.route({ ...route, method: "GET", schema: DESCRIPTION });
    own.route({ ...route, method: hidden, schema: { hide: true } });
    own.addHook("preClose", () => proxied.running.end());
  });
}

/** Is this a request whose body takes as long as it takes? */
export function isProxied({ url }: FastifyRequest["raw"]): boolean {
  return url?.startsWith(PREFIX) ?? false;
}

const DESCRIPTION = {
  security: [{ apiKey: [] }],
  summary: "Ask an API through the service, which adds the access token",
  description:
    "For every method, not only GET. What follows the connection is the API's host, a port if need be, its path and its query. The API key stands in `Authorization: Bearer` or in `Evergrant-Key`. Answers of the API come as they are and carry `Via: 1.1 evergrant`; those of the service itself are problem details.",
};

interface Proxy {
  ports: ProxyPorts;
  apiOf: ReturnType<typeof createApiOf>;
  room: Room;
  running: Running;
}

async function serve(
  { ports, apiOf, room, running }: Proxy,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { raw } = request;
  const caller = await admit(ports, raw, keyOf(raw));
  const target = readTarget(raw.url ?? "");
  refuseUpgrade(raw);
  const { connectionId } = target;
  if (!reaches(caller, connectionId)) throw new ServiceError("not_found", "There is no such connection.");
  const leave = room.enter(caller, connectionId);
  const end = running.add(reply.raw);
  try {
    await carry(ports, { caller, target, apiOf }, request, reply);
  } finally {
    end();
    leave();
  }
}

/** Where SDKs put what they take for a token, or in a header of its own where that is taken. GitHub's write `token` for `Bearer`. */
function keyOf({ headers }: FastifyRequest["raw"]): string | undefined {
  const own = headers["evergrant-key"];
  if (typeof own === "string") return own;
  return /^(?:Bearer|token) +([\x21-\x7e]+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** RFC 9110 §7.8. Some clients offer HTTP/2 with every request; whoever does not take it up just answers. */
function refuseUpgrade({ headers }: FastifyRequest["raw"]): void {
  const { upgrade = "h2c" } = headers;
  if (upgrade.toLowerCase() === "h2c") return;
  throw new ServiceError(
    "invalid_request",
    "The proxy does not change protocols: WebSockets have to go to the API itself.",
  );
}
