import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ahead } from "../../src/keyring/ahead.ts";

/** Counts, and writes down what becomes of it. */
async function* counting(steps: string[], until = Infinity): AsyncGenerator<number, void> {
  try {
    for (let count = 1; count <= until; count++) {
      steps.push(`made ${count}`);
      yield count;
    }
    throw new Error("That was the last.");
  } finally {
    steps.push("closed");
  }
}

test("every item comes once and in its order, and so many more are asked for before one is worked on", async () => {
  const steps: string[] = [];
  for await (const count of ahead(2, counting(steps))) {
    steps.push(`took ${count}`);
    await nextTurn();
    if (count === 3) break;
  }
  expect(steps.join(", ")).toBe("made 1, made 2, made 3, took 1, made 4, took 2, made 5, took 3, closed");
});

test("a failure ahead is told after what came before it", async () => {
  const steps: string[] = [];
  const work = async () => {
    for await (const count of ahead(1, counting(steps, 2))) {
      await nextTurn();
      steps.push(`took ${count}`);
    }
  };
  await expect(work()).rejects.toThrow("That was the last.");
  expect(steps).toEqual(["made 1", "made 2", "took 1", "closed", "took 2"]);
});
