import { expect, test } from "vitest";
import { CommandFailure, type FailureFacts } from "../../../src/cli/command-failure.ts";
import { createPatience } from "../../../src/cli/import/patience.ts";
import { failureOfAnswer } from "../../../src/cli/service/failure-of-answer.ts";
import { MINUTE, SECOND } from "../../../src/runtime/clock.ts";
import { createManualClock } from "../../stage/manual-clock.ts";

function unavailable(more: FailureFacts["more"] = {}): CommandFailure {
  return new CommandFailure({ exit: "unavailable", code: "rate_limited", detail: "Later.", more });
}

/** Asks through patience what fails as often as there are failures; `at` has when each attempt was made. */
function asking(failures: (Error | null)[], signal = new AbortController().signal) {
  const clock = createManualClock();
  const inTime = createPatience(clock, signal);
  const at: number[] = [];
  const ask = async (): Promise<string> => {
    at.push(clock.monotonic());
    const failure = failures.shift() ?? null;
    if (failure) throw failure;
    return "answered";
  };
  return { clock, inTime, ask, at };
}

test("whoever says how long is waited for, by all that run at once, and else longer each time", async () => {
  const { clock, inTime, ask, at } = asking([unavailable({ retry_after: 7 }), unavailable(), unavailable()]);
  const first = inTime(ask);
  await clock.advance(SECOND);
  const second = inTime(ask);
  await clock.advance(5 * SECOND);
  expect(at).toEqual([0]);
  await clock.advance(MINUTE);
  expect([await first, await second]).toEqual(["answered", "answered"]);
  expect(at).toEqual([0, 7000, 9000, 13_000, 13_000]);
});

test("it gives up in the end, at once for what does not pass, and when it is told to stop", async () => {
  const forever = asking(Array.from({ length: 20 }, () => unavailable()));
  const given = forever.inTime(forever.ask).catch((error: unknown) => error);
  await forever.clock.advance(10 * MINUTE);
  expect([await given, forever.at.length]).toEqual([expect.any(CommandFailure), 8]);
  const wrong = asking([new CommandFailure({ exit: "not_found", code: "not_found", detail: "None." })]);
  await expect(wrong.inTime(wrong.ask)).rejects.toThrow("None.");
  const interrupt = new AbortController();
  const stopped = asking([unavailable({ retry_after: 60 }), unavailable()], interrupt.signal);
  const ended = stopped.inTime(stopped.ask).catch((error: unknown) => error);
  await stopped.clock.advance(SECOND);
  interrupt.abort();
  expect([await ended, stopped.at]).toEqual([expect.any(CommandFailure), [0, 1000]]);
});

test("an answer of a proxy that asks for fewer requests passes too", () => {
  expect(failureOfAnswer("http://127.0.0.1", 429, "slow down").facts.exit).toBe("unavailable");
});
