import { expect, test } from "vitest";
import { randomToken } from "../../src/runtime/random.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

test("a token is base64url without padding (RFC 4648 §5)", () => {
  expect(randomToken({ bytes: (length) => new Uint8Array(length).fill(0xfb), fraction: () => 0 }, 4)).toBe("-_v7-w");
});

test("a token is 32 bytes unless another length is asked for", () => {
  const random = createSeededRandom();
  expect(Buffer.from(randomToken(random), "base64url")).toHaveLength(32);
  expect(Buffer.from(randomToken(random, 16), "base64url")).toHaveLength(16);
});
