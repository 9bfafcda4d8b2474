import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createOrder } from "../../../src/refresh/pace/order.ts";

test("an order without items has no first", () => {
  const order = createOrder<string>();
  expect(order.first()).toBeUndefined();
  expect(order.firstKey()).toBe(Infinity);
  expect(order.has("a")).toBe(false);
  order.delete("a");
  expect([...order.items()]).toEqual([]);
});

const change = fc.oneof(
  fc.record({ item: fc.nat(20), key: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ item: fc.nat(20), key: fc.constant(null) }),
);

test("whatever was put in, moved and taken out, the first has the least number", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const order = createOrder<number>();
      const model = new Map<number, number>();
      for (const { item, key } of changes) {
        if (key === null) {
          order.delete(item);
          model.delete(item);
        } else {
          order.set(item, key);
          model.set(item, key);
        }
        const first = order.first();
        expect(order.firstKey()).toBe(Math.min(...model.values()));
        expect(first === undefined ? Infinity : model.get(first)).toBe(order.firstKey());
        expect(order.has(item)).toBe(model.has(item));
      }
      expect(new Set(order.items())).toEqual(new Set(model.keys()));
    }),
    { numRuns: 300 },
  );
});

test("taking the first again and again sorts", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), (numbers) => {
      const order = createOrder<number>();
      for (const number of numbers) order.set(number, number);
      const sorted: number[] = [];
      for (let first = order.first(); first !== undefined; first = order.first()) {
        sorted.push(first);
        order.delete(first);
      }
      expect(sorted).toEqual(numbers.toSorted((a, b) => a - b));
    }),
  );
});
