import { describe, expect, test } from "vitest";
import { createUnderWay, MOST_UNDER_WAY, type UnderWay } from "../../src/refresh/under-way.ts";

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `con_${i}`);
}

/** So many of one client. */
function filled(count: number, clientOf: (i: number) => string = () => "cli_1"): UnderWay {
  const underWay = createUnderWay();
  for (const [i, id] of ids(count).entries()) underWay.add(id, clientOf(i));
  return underWay;
}

/** How often somebody who waits for room was told of it. */
function listen(underWay: UnderWay): () => number {
  let told = 0;
  underWay.onRoom(() => void told++);
  return () => told;
}

describe("what is under way", () => {
  test("is counted until it is over, for each client by itself", () => {
    const underWay = createUnderWay();
    underWay.add("con_a", "cli_1");
    underWay.add("con_b", "cli_1");
    underWay.add("con_c", "cli_2");
    expect([underWay.size(), underWay.count("cli_1"), underWay.count("cli_2"), underWay.count("cli_3")]).toEqual([
      3, 2, 1, 0,
    ]);
    expect([...underWay.clients()]).toEqual(["cli_1", "cli_2"]);
    underWay.delete("con_c");
    expect([...underWay.clients()]).toEqual(["cli_1"]);
    underWay.delete("con_a");
    expect([underWay.size(), underWay.count("cli_1"), underWay.has("con_a"), underWay.has("con_b")]).toEqual([
      1,
      1,
      false,
      true,
    ]);
  });

  test("twice counts once, and is over when both are", () => {
    const underWay = createUnderWay();
    underWay.add("con_a", "cli_1");
    underWay.add("con_a", "cli_1");
    expect(underWay.count("cli_1")).toBe(1);
    underWay.delete("con_a");
    expect([underWay.has("con_a"), underWay.count("cli_1")]).toEqual([true, 1]);
    underWay.delete("con_a");
    expect([underWay.has("con_a"), underWay.count("cli_1"), underWay.size()]).toEqual([false, 0, 0]);
  });

  test("and is not known is no trouble", () => {
    const underWay = filled(1);
    underWay.delete("con_no");
    expect([underWay.size(), underWay.count("cli_1")]).toEqual([1, 1]);
  });
});

describe("room", () => {
  test("of a client that was crowded is told when half of its connections are done, once", () => {
    const underWay = filled(9);
    underWay.crowded("cli_1");
    const told = listen(underWay);
    for (const id of ids(4)) underWay.delete(id);
    expect(told()).toBe(0);
    underWay.delete("con_4");
    expect(told()).toBe(1);
    underWay.delete("con_5");
    expect(told()).toBe(1);
  });

  test("of a client that was not crowded is no news", () => {
    const underWay = filled(4);
    const told = listen(underWay);
    for (const id of ids(4)) underWay.delete(id);
    expect(told()).toBe(0);
  });

  test("of everything is told when half of it is done", () => {
    const underWay = filled(MOST_UNDER_WAY, (i) => `cli_${i}`);
    const told = listen(underWay);
    for (const id of ids(MOST_UNDER_WAY / 2 - 1)) underWay.delete(id);
    expect(told()).toBe(0);
    underWay.delete(`con_${MOST_UNDER_WAY / 2}`);
    expect(told()).toBe(1);
  });

  test("that there was before anybody waited for it is told at once, and only once", () => {
    const underWay = filled(2);
    underWay.crowded("cli_1");
    underWay.delete("con_0");
    expect(listen(underWay)()).toBe(1);
    expect(listen(underWay)()).toBe(0);
  });
});
