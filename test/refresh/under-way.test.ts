import { describe, expect, test } from "vitest";
import { createUnderWay, MOST_OF_CLIENT, MOST_UNDER_WAY } from "../../src/refresh/under-way.ts";

function ids(count: number, prefix = "con"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}_${i}`);
}

describe("what is under way", () => {
  test("is counted until it is over", () => {
    const underWay = createUnderWay();
    underWay.add("con_a", "cli_1");
    underWay.add("con_b", "cli_1");
    expect([underWay.size(), underWay.has("con_a"), underWay.has("con_c")]).toEqual([2, true, false]);
    underWay.delete("con_a");
    expect([underWay.size(), underWay.has("con_a"), underWay.has("con_b")]).toEqual([1, false, true]);
  });

  test("twice is over when both are, and counts once for its client", () => {
    const underWay = createUnderWay();
    for (const id of ids(MOST_OF_CLIENT - 1)) underWay.add(id, "cli_1");
    underWay.add("con_0", "cli_1");
    expect(underWay.crowded()).toEqual([]);
    underWay.delete("con_0");
    expect(underWay.has("con_0")).toBe(true);
    underWay.delete("con_0");
    expect(underWay.has("con_0")).toBe(false);
    expect(underWay.size()).toBe(MOST_OF_CLIENT - 2);
    underWay.add("con_x", "cli_1");
    expect(underWay.crowded()).toEqual([]);
    underWay.add("con_y", "cli_1");
    expect(underWay.crowded()).toEqual(["cli_1"]);
  });

  test("and is not known is no trouble", () => {
    const underWay = createUnderWay();
    underWay.delete("con_no");
    expect(underWay.size()).toBe(0);
  });
});

test("a client is crowded while as many of its connections are under way as may be, and no other client is", () => {
  const underWay = createUnderWay();
  for (const id of ids(MOST_OF_CLIENT)) underWay.add(id, "cli_1");
  underWay.add("other", "cli_2");
  expect(underWay.crowded()).toEqual(["cli_1"]);
  underWay.delete("con_7");
  expect(underWay.crowded()).toEqual([]);
});

describe("room for a whole batch", () => {
  test.each([
    ["a client's share is half empty", MOST_OF_CLIENT, 1],
    ["everything is half empty", MOST_UNDER_WAY, MOST_UNDER_WAY],
  ])("is told when %s, once", (_, count, clients) => {
    const underWay = createUnderWay();
    let told = 0;
    const all = ids(count);
    for (const [i, id] of all.entries()) underWay.add(id, `cli_${i % clients}`);
    underWay.onRoom(() => void told++);
    for (const id of all.slice(0, count / 2 - 1)) underWay.delete(id);
    expect(told).toBe(0);
    underWay.delete(all[count / 2 - 1] ?? "");
    expect(told).toBe(1);
    underWay.delete(all[count / 2] ?? "");
    expect(told).toBe(1);
  });

  test("that there was before anybody waited for it is told at once, and not again", () => {
    const underWay = createUnderWay();
    const all = ids(MOST_OF_CLIENT);
    for (const id of all) underWay.add(id, "cli_1");
    underWay.crowded();
    for (const id of all.slice(0, MOST_OF_CLIENT / 2)) underWay.delete(id);
    let told = 0;
    underWay.onRoom(() => void told++);
    expect(told).toBe(1);
    underWay.onRoom(() => void told++);
    expect(told).toBe(1);
  });

  test("that was there before it was looked who is crowded is old news", () => {
    const underWay = createUnderWay();
    const all = ids(MOST_OF_CLIENT);
    for (const id of all) underWay.add(id, "cli_1");
    for (const id of all.slice(0, MOST_OF_CLIENT / 2)) underWay.delete(id);
    underWay.crowded();
    let told = 0;
    underWay.onRoom(() => void told++);
    expect(told).toBe(0);
  });
});
