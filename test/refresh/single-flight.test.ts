import { expect, test } from "vitest";
import { createSingleFlight } from "../../src/refresh/single-flight.ts";
import { createGate } from "../stage/gate.ts";

test("whoever asks while the work of a key runs shares its result", async () => {
  const flights = createSingleFlight<number>();
  const gate = createGate();
  let runs = 0;
  const work = async (): Promise<number> => {
    await gate.passed();
    return ++runs;
  };
  const waiting = Array.from({ length: 100 }, () => flights.run("a", work));
  gate.open();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([1]));
});

test("keys do not wait for each other", async () => {
  const flights = createSingleFlight<string>();
  const gate = createGate();
  const held = flights.run("held", () => gate.passed().then(() => "held"));
  await expect(flights.run("free", () => Promise.resolve("free"))).resolves.toBe("free");
  expect(flights.inFlight()).toHaveLength(1);
  gate.open();
  await held;
});

test("finished work is done anew for the next who asks", async () => {
  const flights = createSingleFlight<number>();
  let runs = 0;
  const work = (): Promise<number> => Promise.resolve(++runs);
  expect(await flights.run("a", work)).toBe(1);
  expect(await flights.run("a", work)).toBe(2);
  expect(flights.inFlight()).toEqual([]);
});

test("a failure reaches everybody who shared the work, and does not stick", async () => {
  const flights = createSingleFlight<number>();
  const broken = flights.run("a", () => Promise.reject(new Error("broken")));
  const both = await Promise.allSettled([broken, flights.run("a", () => Promise.resolve(1))]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(flights.run("a", () => Promise.resolve(2))).resolves.toBe(2);
});

test("an early result is everybody's, while the work goes on and nobody else starts it", async () => {
  const flights = createSingleFlight<string>();
  const gate = createGate();
  let runs = 0;
  const work = async (early: (result: string) => void): Promise<string> => {
    runs++;
    early("early");
    await gate.passed();
    return "late";
  };
  await expect(flights.run("a", work)).resolves.toBe("early");
  await expect(flights.run("a", work)).resolves.toBe("early");
  expect(runs).toBe(1);
  const [toItsEnd] = flights.inFlight();
  gate.open();
  await expect(toItsEnd).resolves.toBe("late");
  expect(flights.inFlight()).toEqual([]);
});
