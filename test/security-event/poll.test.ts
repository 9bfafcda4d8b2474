import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { startPageServer } from "../stage/page-server.ts";
import type { Claims } from "../stage/transmitter.ts";
import { openEventStage, RISC } from "./event-stage.ts";

const POLL_TOKEN = "poll-token-canary-1";
const DISABLED = `${RISC}/account-disabled`;

/** A transmitter's queue (RFC 8936): a token stays until it is acknowledged, or refused. */
async function openPolled() {
  const stage = await openEventStage();
  const { connectionId } = await stage.connect("alice");
  const queue = new Map<string, string>();
  const requests: { authorization: string | undefined; body: Claims }[] = [];
  const state = { status: 200, answer: null as string | null };
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Claims = JSON.parse(await readText(request));
    const { authorization } = request.headers;
    requests.push({ authorization, body });
    for (const jti of [...listOf(body["ack"]), ...Object.keys(body["setErrs"] ?? {})]) queue.delete(jti);
    const most = Number(body["maxEvents"]);
    const sets = Object.fromEntries([...queue].slice(0, most));
    const answer = state.answer ?? JSON.stringify({ sets, moreAvailable: queue.size > most });
    response.writeHead(state.status, { "content-type": "application/json" }).end(answer);
  }
  const url = await startPageServer((request, response) => void serve(request, response));
  const path = `/v1/clients/${stage.clientId}/security-events`;
  const changed = await stage.api("PUT", path, { poll_url: `${url}/poll`, poll_token: POLL_TOKEN });
  expect(changed.body).toMatchObject({ poll_url: `${url}/poll`, poll_token: true });
  const subject = await stage.account(connectionId);
  const put = async (jti: string, over: Claims = {}) =>
    void queue.set(jti, await stage.transmitter.sign(stage.claims({ [DISABLED]: { subject } }, { jti, ...over })));
  return { ...stage, connectionId, queue, requests, state, put };
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

test("what is waiting is taken, once a minute, and acknowledged; what is wrong is said to be", async () => {
  const stage = await openPolled();
  await stage.put("right");
  await stage.put("wrong", { aud: "somebody-else" });
  await stage.clock.advance(MINUTE);
  await expect.poll(() => stage.queue.size).toBe(0);
  expect(stage.requests).toEqual([
    {
      authorization: `Bearer ${POLL_TOKEN}`,
      body: { maxEvents: 100, returnImmediately: true, ack: [], setErrs: {} },
    },
    {
      authorization: `Bearer ${POLL_TOKEN}`,
      body: {
        maxEvents: 0,
        returnImmediately: true,
        ack: ["right"],
        setErrs: { wrong: { err: "invalid_audience", description: expect.any(String) } },
      },
    },
  ]);
  expect(await stage.last()).toMatchObject({ jti: "right", verdict: "applied", connections: 1 });
  expect(stage.log.join("")).not.toContain(POLL_TOKEN);
});

test("more than one answer holds is asked for at once", async () => {
  const stage = await openPolled();
  for (let n = 0; n < 103; n++) await stage.put(`jti-${n}`, { aud: "somebody-else" });
  await stage.clock.advance(MINUTE);
  await expect.poll(() => stage.queue.size).toBe(0);
  expect(stage.requests.map(({ body }) => body["maxEvents"])).toEqual([100, 100, 0]);
});

test("what cannot be verified now is not acknowledged, and comes again", async () => {
  const stage = await openPolled();
  await stage.put("right");
  stage.transmitter.isDown = true;
  await stage.clock.advance(MINUTE);
  await expect.poll(() => stage.log.join("")).toContain('"event":"security_event.poll_failed"');
  expect([stage.queue.size, stage.requests.length]).toEqual([1, 1]);
  stage.transmitter.isDown = false;
  await stage.clock.advance(MINUTE);
  await expect.poll(() => stage.queue.size).toBe(0);
});

test.each([
  ["an answer that is none", 200, "<html>"],
  ["a refusal", 401, '{"sets":{}}'],
])("%s is reported, and the next minute asks again", async (_name, status, answer) => {
  const stage = await openPolled();
  Object.assign(stage.state, { status, answer });
  await stage.clock.advance(MINUTE);
  await expect.poll(() => stage.log.join("")).toContain(`"code":"http_${status}"`);
  Object.assign(stage.state, { status: 200, answer: null });
  await stage.put("right");
  await stage.clock.advance(MINUTE);
  await expect.poll(() => stage.queue.size).toBe(0);
});
