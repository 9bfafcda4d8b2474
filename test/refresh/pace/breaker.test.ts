import { describe, expect, test } from "vitest";
import { createBreaker, type Breaker } from "../../../src/refresh/pace/breaker.ts";
import { MINUTE } from "../../../src/runtime/clock.ts";
import { fixedRandom } from "../../stage/fixed-random.ts";

function openBreaker(fraction = 0.5): Breaker {
  const breaker = createBreaker(fixedRandom(fraction));
  for (let failure = 1; failure < 5; failure++) expect(breaker.failed(null, 0)).toBe(false);
  expect(breaker.failed(null, 0)).toBe(true);
  return breaker;
}

/** Takes the probe, which has to be free at `now`. */
function probeOf(breaker: Breaker, now: number): number {
  const admission = breaker.admit(now);
  if (admission.kind === "refused" || admission.probe === null)
    throw new Error(`no probe: ${JSON.stringify(admission)}`);
  return admission.probe;
}

const FREELY = { kind: "admitted", probe: null };

describe("a breaker", () => {
  test("lets everything pass until five failures in a row", () => {
    const breaker = createBreaker(fixedRandom(0.5));
    for (let failure = 0; failure < 4; failure++) breaker.failed(null, 0);
    expect(breaker.admit(0)).toEqual(FREELY);
    expect(breaker.refusesUntil(0)).toBeLessThan(0);
    expect(breaker.probeAt()).toBe(-Infinity);
    expect(breaker.answered()).toBe(false);
    for (let failure = 0; failure < 4; failure++) expect(breaker.failed(null, 0)).toBe(false);
    expect(breaker.admit(0)).toEqual(FREELY);
    expect(breaker.failed(null, 0)).toBe(true);
    expect(breaker.admit(0)).toEqual({ kind: "refused", until: 5_000 });
  });

  test("lets exactly one probe pass after its delay", () => {
    const breaker = openBreaker();
    expect(breaker.admit(4_999)).toEqual({ kind: "refused", until: 5_000 });
    expect(breaker.refusesUntil(4_999)).toBe(5_000);
    expect(breaker.refusesUntil(5_000)).toBe(5_000);
    probeOf(breaker, 5_000);
    expect(breaker.admit(5_000)).toEqual({ kind: "refused", until: 10_000 });
    expect(breaker.admit(30_000)).toEqual({ kind: "refused", until: 35_000 });
  });

  test("closes when the server speaks", () => {
    const breaker = openBreaker();
    probeOf(breaker, 5_000);
    expect(breaker.isOpen()).toBe(true);
    expect(breaker.answered()).toBe(true);
    expect(breaker.isOpen()).toBe(false);
    expect(breaker.answered()).toBe(false);
    expect(breaker.admit(5_000)).toEqual(FREELY);
    for (let failure = 0; failure < 4; failure++) expect(breaker.failed(null, 5_000)).toBe(false);
  });

  test("refuses nothing once it is closed, even if the delay was not over", () => {
    const breaker = createBreaker(fixedRandom(0.5));
    for (let failure = 0; failure < 5; failure++) breaker.failed(null, -90_000);
    expect(breaker.refusesUntil(-89_000)).toBe(-85_000);
    expect(breaker.answered()).toBe(true);
    expect(breaker.refusesUntil(-89_000)).toBeLessThan(-89_000);
    expect(breaker.probeAt()).toBeLessThan(-89_000);
    expect(breaker.admit(-89_000)).toEqual(FREELY);
  });

  test("begins anew with the first delay when it opens again", () => {
    const breaker = openBreaker();
    breaker.failed(probeOf(breaker, 5_000), 5_000);
    breaker.answered();
    for (let failure = 0; failure < 5; failure++) breaker.failed(null, 20_000);
    expect(breaker.probeAt()).toBe(25_000);
  });

  test("doubles its delay with every failed probe, up to five minutes", () => {
    const breaker = openBreaker();
    const delays: number[] = [];
    for (let now = breaker.probeAt(); delays.length < 8; now = breaker.probeAt()) {
      expect(breaker.failed(probeOf(breaker, now), now)).toBe(false);
      delays.push(breaker.probeAt() - now);
    }
    expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1_000));
  });

  test("counts the delay from the end of the probe", () => {
    const breaker = openBreaker();
    breaker.failed(probeOf(breaker, 5_000), 35_000);
    expect(breaker.admit(44_999)).toEqual({ kind: "refused", until: 45_000 });
    probeOf(breaker, 45_000);
  });

  test("varies its delay by a quarter either way", () => {
    expect(openBreaker(0).probeAt()).toBe(3_750);
    expect(openBreaker(0.999_999_999).probeAt()).toBeCloseTo(6_250, 3);
  });

  test("waits five minutes after a thousand failures too", () => {
    const breaker = openBreaker();
    for (let probes = 0; probes < 1_100; probes++) {
      const now = breaker.probeAt();
      breaker.failed(probeOf(breaker, now), now);
      expect(breaker.probeAt() - now).toBeLessThanOrEqual(5 * MINUTE);
    }
  });

  test("does not heed failures of requests that went before it opened", () => {
    const breaker = openBreaker();
    expect(breaker.failed(null, 3_000)).toBe(false);
    expect(breaker.probeAt()).toBe(5_000);
    probeOf(breaker, 5_000);
    breaker.failed(null, 6_000);
    expect(breaker.admit(6_000).kind).toBe("refused");
    expect(breaker.probeAt()).toBe(5_000);
  });

  test("does not take a former probe for the one under way", () => {
    const breaker = openBreaker();
    const former = probeOf(breaker, 5_000);
    breaker.answered();
    for (let failure = 0; failure < 5; failure++) breaker.failed(null, 10_000);
    const present = probeOf(breaker, 15_000);
    breaker.failed(former, 16_000);
    breaker.release(former);
    expect(breaker.admit(16_000).kind).toBe("refused");
    breaker.failed(present, 16_000);
    expect(breaker.probeAt()).toBe(26_000);
  });

  test("lets another be the probe when one was not made", () => {
    const breaker = openBreaker();
    breaker.release(probeOf(breaker, 5_000));
    probeOf(breaker, 5_000);
    breaker.release(null);
    expect(breaker.admit(5_000).kind).toBe("refused");
  });
});
