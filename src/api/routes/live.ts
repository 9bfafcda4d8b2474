import { PassThrough } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Caller } from "../../access/authenticator.ts";
import { permits } from "../../access/authenticator.ts";
import type { Change, Live } from "../../event/live.ts";
import { MINUTE, SECOND, type Clock } from "../../runtime/clock.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { callerOf } from "../guard.ts";
import type { App } from "../server.ts";
import { tenantOf, tenantParam } from "../tenant-of-query.ts";
import { failures, secured } from "../wire.ts";

export interface LiveRouteDeps {
  live: Live;
  clock: Clock;
  /** Who sends this request, as of now. Throws when nobody may any more. */
  identify(this: void, request: FastifyRequest): Promise<Caller>;
}

/** Streams at once. A browser has one for each of its tabs. */
const MOST_OF_CALLER = 10;
const MOST = 1000;
const HEARTBEAT = 20 * SECOND;
const VERIFIED_EVERY = MINUTE;
/** Whoever takes nothing for so much is not there any more. Bytes. */
const MOST_UNREAD = 64 * 1024;

interface Stream {
  keyId: string;
  body: PassThrough;
  ended: AbortController;
}

/** Server-sent events: that something changed, and not what. */
export function liveRoute(app: App, deps: LiveRouteDeps): void {
  const streams = new Set<Stream>();
  app.addHook("preClose", async () => {
    for (const stream of streams) end(stream);
  });
  app.get(
    "/v1/live",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "That something changed, as it happens",
        description:
          "Server-sent events named `overview`, `connection`, `client` and `incident`; the data of the last three is the id of what changed. A hint and no record: what was missed is not sent again, so read anew after each opening.",
        security: secured,
        querystring: z.strictObject({ tenant: tenantParam }),
        response: { 200: z.any().describe("A stream of `text/event-stream`"), ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const tenantId = tenantOf(request.query.tenant, caller);
      requireRoom(streams, caller);
      const stream = { keyId: caller.keyId, body: new PassThrough(), ended: new AbortController() };
      streams.add(stream);
      stream.body.once("close", () => {
        stream.ended.abort();
        streams.delete(stream);
      });
      request.raw.once("close", () => end(stream));
      write(stream, "retry: 5000\n\n");
      deps.live.follow(tenantId, (change) => write(stream, eventsOf(change)), stream.ended.signal);
      void keepUp(deps, request, stream);
      void reply.headers({
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
      });
      return reply.type("text/event-stream").send(stream.body);
    },
  );
}

function requireRoom(streams: ReadonlySet<Stream>, { keyId }: Caller): void {
  const own = [...streams].filter((stream) => stream.keyId === keyId).length;
  if (own < MOST_OF_CALLER && streams.size < MOST) return;
  throw new ServiceError(
    "rate_limited",
    "There are too many of these streams already. Close one, or go on in a minute.",
    {
      retryAfterMs: MINUTE,
    },
  );
}

/** Signs of life, without which a proxy would close the stream; and once a minute a look at whether the caller still may. */
async function keepUp({ clock, identify }: LiveRouteDeps, request: FastifyRequest, stream: Stream): Promise<void> {
  const { signal } = stream.ended;
  let verifiedAt = clock.monotonic();
  for (;;) {
    await clock.sleep(HEARTBEAT, signal);
    if (signal.aborted) return;
    if (clock.monotonic() - verifiedAt >= VERIFIED_EVERY) {
      const caller = await identify(request).catch(() => null);
      if (!caller || !permits(caller, "connections:read")) return end(stream);
      verifiedAt = clock.monotonic();
    }
    write(stream, ": still here\n\n");
  }
}

function eventsOf({ kind, id }: Change): string {
  return `event: ${kind}\ndata: ${id}\n\nevent: overview\ndata:\n\n`;
}

function write(stream: Stream, text: string): void {
  if (stream.ended.signal.aborted) return;
  if (stream.body.writableLength + stream.body.readableLength > MOST_UNREAD) return void stream.body.destroy();
  stream.body.write(text);
}

/** What was written before is still sent. */
function end({ body, ended }: Stream): void {
  ended.abort();
  body.end();
}
