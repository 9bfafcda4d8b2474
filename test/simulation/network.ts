import type { Transport, TransportResult } from "../../src/oauth/http.ts";
import type { Issued, RefreshToken, ServerAnswer } from "./authorization-server.ts";
import type { ExchangeFault } from "./faults.ts";
import type { Process } from "./instance.ts";
import type { ProviderSite, World } from "./world.ts";

/** One token request, from the socket of an instance to whatever comes of it. */
export interface Exchange {
  number: number;
  by: Process;
  site: ProviderSite;
  connectionId: string;
  /** The refresh token that was sent. */
  sent: string;
  sentAt: number;
  /** When the instance heard something, if only that its deadline is over; null until then. */
  overAt: number | null;
  /** What the server issued for it, whether or not that arrives. */
  issued: Issued | null;
}

/** What the network and the server do with one request. Milliseconds; `null`: never. */
interface Course {
  /** The request reaches the server after this. */
  requestTakes: number | null;
  /** Something in front of the server answers instead. */
  instead: TransportResult | null;
  /** What the instance hears after the server acted, if not the server's answer. */
  insteadOfAnswer: TransportResult | "nothing" | null;
  answerTakes: number;
}

/** The network as one instance sees it. What was sent goes on without it. */
export function createNetwork(world: World, process: Process): Transport {
  const { scheduler } = world;
  return {
    send: (request, { deadlineMs }) =>
      new Promise((resolve) => {
        const asked = scheduler.now();
        const run = (): void => {
          // Whoever was paused before anything was sent finds that its time is over.
          if (scheduler.now() - asked >= deadlineMs) return resolve({ kind: "failure", sent: true, reason: "timeout" });
          const form = new URLSearchParams(request.body);
          const sent = form.get("refresh_token") ?? "";
          const clientSecret = form.get("client_secret");
          transmit(world, process, { host: new URL(request.url).host, sent, clientSecret, deadlineMs, resolve });
        };
        scheduler.push({ on: process, run });
      }),
  };
}

interface Transmission {
  host: string;
  sent: string;
  clientSecret: string | null;
  deadlineMs: number;
  resolve: (result: TransportResult) => void;
}

function transmit(world: World, by: Process, transmission: Transmission): void {
  const { host, sent, clientSecret, deadlineMs, resolve } = transmission;
  const { scheduler, witness, trace, providers } = world;
  const { site, connectionId } = recipient(providers, host, sent);
  const number = ++world.state.exchanges;
  const exchange: Exchange = {
    number,
    by,
    site,
    connectionId,
    sent,
    sentAt: scheduler.now(),
    overAt: null,
    issued: null,
  };
  const deadline = scheduler.at(scheduler.now() + deadlineMs, { on: by, run: () => hear(timeout) });
  const course = chart(world, site, by);
  trace.note(connectionId, () => `${by.name} sends ${sent} (x${number})`);
  witness.sent(exchange);
  world.state.open.add(exchange);
  if (course.requestTakes !== null) later(course.requestTakes, reach);

  function later(milliseconds: number, run: () => void): void {
    if (milliseconds === 0) scheduler.push({ on: null, run });
    else scheduler.at(scheduler.now() + milliseconds, { on: null, run });
  }

  function reach(): void {
    if (course.instead) return arrive(course.instead);
    if (site.secrets?.has(clientSecret ?? "") === false) return arrive(answer(401, { error: "invalid_client" }));
    const given = site.server.refresh(sent);
    if (given.kind === "issued") exchange.issued = given.issued;
    trace.note(connectionId, () => `  server gets ${sent} (x${number}): ${tell(given)}`);
    witness.used(exchange, given);
    if (course.insteadOfAnswer === "nothing") return;
    const result = course.insteadOfAnswer ?? responseOf(world, site, given);
    if (course.insteadOfAnswer) exchange.issued = null;
    later(course.answerTakes, () => arrive(result));
  }

  function arrive(result: TransportResult): void {
    scheduler.push({ on: by, run: () => hear(result) });
  }

  function hear(result: TransportResult): void {
    if (exchange.overAt !== null) return;
    exchange.overAt = scheduler.now();
    world.state.open.delete(exchange);
    deadline.cancel();
    const issued = exchange.issued && result !== timeout ? exchange.issued : null;
    trace.note(
      connectionId,
      () => `${by.name} hears of x${number}: ${issued ? tellIssued(issued) : tellResult(result)}`,
    );
    if (issued) witness.delivered(exchange, issued);
    resolve(result);
  }
}

function recipient(providers: readonly ProviderSite[], host: string, sent: string) {
  const site = providers.find(({ entry }) => new URL(entry.token_url).host === host);
  const token = site?.server.find(sent);
  if (!site || !token) throw new Error(`${sent} was never issued by ${host}.`);
  return { site, connectionId: token.family.connectionId };
}

const timeout: TransportResult = { kind: "failure", sent: true, reason: "timeout" };
const reset: TransportResult = { kind: "failure", sent: true, reason: "reset" };
const refused: TransportResult = { kind: "failure", sent: false, reason: "refused" };

/** The server and everything in front of it as they are now, and one more fault perhaps. */
function chart(world: World, site: ProviderSite, by: Process): Course {
  const { dice, scheduler, faults } = world;
  const now = scheduler.now();
  const usual: Course = {
    requestTakes: dice.pick([0, 20, 200]),
    instead: null,
    insteadOfAnswer: null,
    answerTakes: dice.pick([0, 20, 500]),
  };
  if (site.throttledUntil > now) return { ...usual, instead: throttled(dice.pick([null, 5000, 60_000])) };
  if (site.downUntil > now)
    return { ...usual, instead: dice.pick([refused, answer(503, { error: "temporarily_unavailable" })]) };
  if (site.badHourUntil > now) return { ...usual, instead: answer(400, { error: "invalid_grant" }) };
  if (site.clientRefusedUntil > now) return { ...usual, instead: answer(401, { error: "invalid_client" }) };
  if (site.slowUntil > now)
    return { ...usual, requestTakes: dice.between(2000, 20_000), answerTakes: dice.between(0, 20_000) };
  const fault = faults.atExchange();
  if (fault === null) return usual;
  faults.count(fault);
  return fault === "straggles" ? straggle(world, usual, by) : withFault(world, usual, fault);
}

/** Its network has become slow, and the database is beyond it: others take over, and the server may hear of them first. */
function straggle({ dice, scheduler, trace }: World, usual: Course, by: Process): Course {
  by.cutOffUntil = scheduler.now() + dice.between(12_000, 40_000);
  by.unwellUntil = Math.max(by.unwellUntil, by.cutOffUntil + 5000);
  trace.note(null, () => `${by.name} CUT OFF from the store until t=${by.cutOffUntil / 1000}`);
  return { ...usual, requestTakes: dice.between(18_000, 29_000) };
}

function withFault({ dice }: World, usual: Course, fault: Exclude<ExchangeFault, "straggles">): Course {
  switch (fault) {
    case "request_refused":
      return { ...usual, instead: refused };
    case "request_lost":
      return dice.chance(0.5) ? { ...usual, requestTakes: null } : { ...usual, instead: reset };
    case "answer_lost":
      return { ...usual, insteadOfAnswer: dice.pick(["nothing", reset]) };
    case "answer_late":
      return { ...usual, requestTakes: dice.between(0, 25_000), answerTakes: dice.between(0, 20_000) };
    case "hangs":
      return { ...usual, requestTakes: dice.between(20_000, 55_000), answerTakes: dice.between(0, 5000) };
    case "gateway_timeout":
      return { ...usual, insteadOfAnswer: answer(504, "<html>gateway timeout</html>") };
    case "html_before":
      return { ...usual, instead: answer(200, "<html>sign in to the network</html>") };
    case "html_after":
      return { ...usual, insteadOfAnswer: answer(200, "<html>something went wrong</html>") };
    case "server_error":
      return { ...usual, instead: answer(dice.pick([500, 502, 503]), { error: "server_error" }) };
    case "throttled":
      return { ...usual, instead: throttled(dice.pick([null, 2000, 30_000])) };
  }
}

function throttled(retryAfterMs: number | null): TransportResult {
  return answer(429, { error: "slow_down" }, retryAfterMs);
}

function answer(
  status: number,
  body: Record<string, unknown> | string,
  retryAfterMs: number | null = null,
): TransportResult {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { kind: "response", response: { status, headers: {}, body: new TextEncoder().encode(text), retryAfterMs } };
}

function responseOf({ dice }: World, { server }: ProviderSite, given: ServerAnswer): TransportResult {
  if (given.kind === "rejected") return answer(400, { error: "invalid_grant" });
  const { accessToken, refreshToken } = given.issued;
  return answer(200, {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: server.habits.lifetimeSeconds,
    ...refreshTokenOf(refreshToken, dice.chance(0.3)),
  });
}

/** Servers leave it out, or say null or nothing, when it stays as it is (RFC 6749 §6). */
function refreshTokenOf(token: RefreshToken | null, saysNothing: boolean) {
  if (token) return { refresh_token: token.name };
  return saysNothing ? { refresh_token: "" } : {};
}

function tell(given: ServerAnswer): string {
  if (given.kind === "issued") return tellIssued(given.issued);
  return given.punished ? "rejected, and ends the family" : "rejected";
}

function tellIssued({ accessToken, refreshToken }: Issued): string {
  return `${accessToken} ${refreshToken?.name ?? "(refresh token stays)"}`;
}

function tellResult(result: TransportResult): string {
  if (result.kind === "failure") return `${result.reason}${result.sent ? "" : ", nothing sent"}`;
  return `${result.response.status} ${new TextDecoder().decode(result.response.body).slice(0, 60)}`;
}
