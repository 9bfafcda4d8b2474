import { describe, expect, test } from "vitest";
import { lessonOf, LONGEST_INQUIRY, nextStep, TRY_AFTER, type Inquiry, type Turn } from "../../src/incident/decide.ts";
import { HOUR } from "../../src/runtime/clock.ts";

const HEALED: Turn = { was: "held", is: "well", byConsent: false, isNext: true };

describe("what one connection teaches of the others", () => {
  test.each<[string, Partial<Turn>, string | null]>([
    ["a refresh of what was rejected and held", {}, "bad_hour"],
    ["a refresh of what was ended and tried once more", { was: "tried" }, "bad_hour"],
    ["a consent of its user", { byConsent: true }, null],
    ["a spare, or a journal that was found", { isNext: false }, null],
    ["what had ended and came back in another way", { was: "ended" }, null],
    ["its end at the provider", { is: "gone" }, null],
    ["a rejection that stayed one", { is: "ended" }, "meant"],
    ["a rejection of what was tried once more", { was: "tried", is: "ended" }, "meant"],
    ["one more rejection of what is held", { is: "held" }, null],
    ["what was well in between", { was: "well", is: "ended" }, null],
    ["what ended at once", { was: "ended", is: "ended" }, null],
  ])("%s", (_what, change, lesson) => {
    expect(lessonOf({ ...HEALED, ...change })).toBe(lesson);
  });
});

const QUIET: Inquiry = { openedAt: 0, lastEndedAt: 0, held: 0, tried: 0, mayBeTried: 3, now: TRY_AFTER };

describe("an incident that is not decided", () => {
  test.each<[string, Partial<Inquiry>, string]>([
    ["waits for those that are held", { held: 1 }, "wait"],
    ["waits for the one that is tried", { tried: 1 }, "wait"],
    ["waits until bad minutes would be over", { now: TRY_AFTER - 1 }, "wait"],
    ["counts them from the last end", { lastEndedAt: 1 }, "wait"],
    ["has one of them tried then", {}, "try_one"],
    ["is believed where there is nobody to try", { mayBeTried: 0 }, "believe"],
    ["is believed in the end", { held: 1, now: LONGEST_INQUIRY }, "believe"],
  ])("%s", (_what, change, step) => {
    expect(nextStep({ ...QUIET, ...change })).toBe(step);
  });

  test("keeps nobody waiting for long beyond the brake's own patience", () => {
    expect(LONGEST_INQUIRY).toBeLessThanOrEqual(1.5 * HOUR);
  });
});
