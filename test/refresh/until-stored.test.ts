import { expect, test } from "vitest";
import { untilStored } from "../../src/refresh/until-stored.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createManualClock } from "../stage/manual-clock.ts";

function openStage(failures: number, error: Error = storeIsDown()) {
  const clock = createManualClock();
  const observer = createCollectingObserver();
  const attempts: number[] = [];
  const commit = (): Promise<string> => {
    attempts.push(clock.monotonic());
    return attempts.length > failures ? Promise.resolve("stored") : Promise.reject(error);
  };
  return { clock, observer, attempts, commit };
}

test("a commit that is taken at once is made once", async () => {
  const { commit, attempts, ...ports } = openStage(0);
  await expect(untilStored(ports, "con_1", commit)).resolves.toBe("stored");
  expect(attempts).toEqual([0]);
  expect(ports.observer.events).toEqual([]);
});

test("a commit is repeated ever more slowly until the store takes it", async () => {
  const { commit, attempts, ...ports } = openStage(8);
  const stored = untilStored(ports, "con_1", commit);
  await ports.clock.advance(MINUTE);
  await expect(stored).resolves.toBe("stored");
  const waits = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(ports.observer.of("refresh.commit_retried").at(-1)).toEqual({
    connectionId: "con_1",
    failures: 8,
    code: "store_unavailable",
  });
});

test("without a limit a commit is repeated for days", async () => {
  const { commit, attempts, ...ports } = openStage(20_000);
  const stored = untilStored(ports, "con_1", commit);
  await ports.clock.advance(20_001 * 5 * SECOND);
  await expect(stored).resolves.toBe("stored");
  expect(attempts).toHaveLength(20_001);
}, 60_000);

test("a commit is given up when patience is over, with the store's own error", async () => {
  const error = storeIsDown();
  const { commit, attempts, ...ports } = openStage(Number.POSITIVE_INFINITY, error);
  const outcome = untilStored(ports, "con_1", commit, { patienceMs: 10 * SECOND }).catch((thrown: unknown) => thrown);
  await ports.clock.advance(MINUTE);
  expect(await outcome).toBe(error);
  expect(attempts.at(-1)).toBeGreaterThan(10 * SECOND);
  expect(attempts.at(-1)).toBeLessThanOrEqual(15 * SECOND);
});

test("a key that is away is waited for as well: what has to be sealed exists nowhere else", async () => {
  const { commit, attempts, ...ports } = openStage(3, new ServiceError("key_unavailable", "No key."));
  const stored = untilStored(ports, "con_1", commit);
  await ports.clock.advance(MINUTE);
  await expect(stored).resolves.toBe("stored");
  expect(attempts).toHaveLength(4);
  expect(ports.observer.of("refresh.commit_retried")[0]).toMatchObject({ code: "key_unavailable" });
});

test("every failure is told at once, before the wait for the next attempt", async () => {
  const { commit, attempts, ...ports } = openStage(3);
  const told: number[] = [];
  const stored = untilStored(ports, "con_1", commit, { onFailure: () => void told.push(ports.clock.monotonic()) });
  await ports.clock.advance(MINUTE);
  await stored;
  expect(told).toEqual(attempts.slice(0, 3));
});

test.each([
  new ServiceError("internal", "A bug."),
  new ServiceError("journal_unavailable", "No disk."),
  new Error("a programming error"),
])("any other error is not repeated: $message", async (error) => {
  const { commit, attempts, ...ports } = openStage(1, error);
  const told: string[] = [];
  await expect(untilStored(ports, "con_1", commit, { onFailure: () => void told.push("told") })).rejects.toBe(error);
  expect(attempts).toHaveLength(1);
  expect(told).toEqual([]);
});
