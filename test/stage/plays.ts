import type { TransportFailure, TransportResult } from "../../src/oauth/http.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Gate } from "./gate.ts";

/** How one request is answered. `act` does what the server would have done by itself, and gives its answer. */
export type Play = (act: () => TransportResult) => TransportResult | Promise<TransportResult>;

/** An HTTP answer; an object is sent as JSON. */
export function answer(
  status: number,
  body: Record<string, unknown> | string,
  retryAfterMs: number | null = null,
): TransportResult {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    kind: "response",
    response: { status, headers: {}, body: new TextEncoder().encode(text), retryAfterMs },
  };
}

/** The request never gets to the server's token store: this is answered in front of it. */
export function answers(...what: Parameters<typeof answer>): Play {
  return () => answer(...what);
}

/** The server acts by itself; where it rejects the refresh token, it says so in these words. */
export function rejectsWith(...what: Parameters<typeof answer>): Play {
  return (act) => {
    const result = act();
    return result.kind === "response" && result.response.status === 400 ? answer(...what) : result;
  };
}

/** The server acts by itself; where it gives tokens, it says this too. Names of headers are in lower case. */
export function adds(fields: Record<string, unknown>, headers: Record<string, string> = {}): Play {
  return (act) => {
    const result = act();
    if (result.kind === "failure" || result.response.status !== 200) return result;
    const said = JSON.parse(new TextDecoder().decode(result.response.body));
    const body = new TextEncoder().encode(JSON.stringify({ ...said, ...fields }));
    return { kind: "response", response: { ...result.response, headers, body } };
  };
}

/** The server takes the tokens of one user for as long as there is never more than so much time between two refreshes. */
export function lapses(clock: Clock, idleMs: number, rejection: TransportResult, play: Play = (act) => act()): Play {
  let usedAt = clock.now();
  return (act) => {
    if (clock.now() - usedAt > idleMs) return rejection;
    usedAt = clock.now();
    return play(act);
  };
}

/** No answer, and the server has done nothing. */
export function fails(reason: TransportFailure["reason"], { sent }: { sent: boolean }): Play {
  return () => ({ kind: "failure", sent, reason });
}

/** The server acts, and its answer is lost on the way back. */
export const losesItsAnswer: Play = (act) => {
  act();
  return { kind: "failure", sent: true, reason: "reset" };
};

/** The server acts at once, and its answer takes a while. */
export function takes(clock: Clock, milliseconds: number, play: Play = (act) => act()): Play {
  return async (act) => {
    const result = play(act);
    await clock.sleep(milliseconds);
    return result;
  };
}

/** Waits for the gate, then plays on. */
export function waitsFor(gate: Gate, play: Play = (act) => act()): Play {
  return async (act) => {
    await gate.passed();
    return play(act);
  };
}
