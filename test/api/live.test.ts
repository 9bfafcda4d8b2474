import { get, type IncomingMessage } from "node:http";
import { fastify } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { expect, onTestFinished, test } from "vitest";
import type { Caller } from "../../src/access/authenticator.ts";
import { NO_LIMITS } from "../../src/access/tenant.ts";
import { createFailureHandler } from "../../src/api/failure.ts";
import { liveRoute } from "../../src/api/routes/live.ts";
import type { Change } from "../../src/event/live.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";

const CALLER: Caller = {
  keyId: "",
  tenantId: "default",
  scopes: new Set(["connections:read"]),
  connections: null,
  expiresAt: null,
  allowedFrom: null,
  rateLimit: null,
  limits: NO_LIMITS,
};

/** The route by itself: a test says what changed, and who may still follow. The key of a request is its id. */
async function openStage() {
  const clock = createManualClock();
  const followers = new Set<(change: Change) => void>();
  const ended = new Set<string>();
  const callerOf = (key: string): Caller => {
    if (ended.has(key)) throw new ServiceError("unauthorized", "This key was revoked.");
    return { ...CALLER, keyId: key };
  };
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(createFailureHandler(createCollectingObserver()));
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request) => {
    request.caller = callerOf(String(request.headers.authorization));
  });
  liveRoute(app, {
    clock,
    identify: async (request) => callerOf(String(request.headers.authorization)),
    live: {
      follow: (_tenantId, told, until) => {
        followers.add(told);
        until.addEventListener("abort", () => followers.delete(told));
      },
    },
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  const change = (times: number): void => {
    for (let n = 0; n < times; n++) {
      const id = `con_${String(n).padStart(26, "0")}`;
      for (const told of followers) told({ tenantId: "default", kind: "connection", id });
    }
  };
  return { app, clock, ended, change, open: (key: string) => openStream(url, key), followers: () => followers.size };
}

/** A stream that nobody reads yet. */
async function openStream(url: string, key: string): Promise<IncomingMessage> {
  const request = get(`${url}/v1/live`, { agent: false, headers: { authorization: key } });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject);
  });
  answer.on("error", () => undefined);
  onTestFinished(() => void answer.destroy());
  return answer;
}

function read(stream: IncomingMessage) {
  const heard = { text: "", isOver: false };
  stream.setEncoding("utf8").on("data", (text: string) => (heard.text += text));
  stream.on("close", () => (heard.isOver = true));
  return heard;
}

test("an instance has a thousand streams, and one that a client leaves makes room", async () => {
  const { open, followers } = await openStage();
  const streams = await Promise.all(Array.from({ length: 1000 }, (_, n) => open(`key_${n % 100}`)));
  expect(new Set(streams.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  const refused = await open("key_100");
  expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "60"]);
  streams[0]?.destroy();
  await expect.poll(followers).toBe(999);
  expect((await open("key_100")).statusCode).toBe(200);
});

test("a caller has ten, whatever others have", async () => {
  const { open } = await openStage();
  for (let n = 0; n < 10; n++) expect((await open("key_1")).statusCode).toBe(200);
  expect((await open("key_1")).statusCode).toBe(429);
  expect((await open("key_2")).statusCode).toBe(200);
});

test("as many changes as are told at once reach whoever reads", async () => {
  const { open, change } = await openStage();
  const heard = read(await open("key_1"));
  change(1000);
  await expect.poll(() => heard.text.split("event: connection\n").length).toBe(1001);
  expect(heard.isOver).toBe(false);
});

test("whoever reads nothing is cut off, and makes room", async () => {
  const { open, change, followers } = await openStage();
  const stalled = await open("key_1");
  const heard = read(await open("key_2"));
  for (let round = 0; round < 300 && followers() > 1; round++) {
    change(1000);
    const whole = heard.text.length;
    await expect.poll(() => heard.text.length, { interval: 1 }).not.toBe(whole);
  }
  expect(followers()).toBe(1);
  for (let n = 0; n < 10; n++) expect((await open("key_1")).statusCode).toBe(200);
  expect(heard.isOver).toBe(false);
  const cut = read(stalled);
  await expect.poll(() => cut.isOver).toBe(true);
  expect(stalled.complete).toBe(false);
});

test("a stream ends within a minute of its key's end, and others go on", async () => {
  const { open, clock, ended, followers } = await openStage();
  const heard = read(await open("key_1"));
  const other = read(await open("key_2"));
  await clock.advance(40 * SECOND);
  ended.add("key_1");
  await clock.advance(MINUTE);
  await expect.poll(() => heard.isOver).toBe(true);
  expect([other.isOver, followers()]).toEqual([false, 1]);
  await expect.poll(() => other.text.split(": still here").length).toBe(6);
});

test("a service that stops ends them all", async () => {
  const { app, open, change } = await openStage();
  const heard = read(await open("key_1"));
  change(2);
  await app.close();
  await expect.poll(() => heard.isOver).toBe(true);
  expect(heard.text.split("event: connection\n")).toHaveLength(3);
});
