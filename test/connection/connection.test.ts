import { expect, test } from "vitest";
import { isLive, type ConnectionStatus } from "../../src/connection/connection.ts";

test.each<[ConnectionStatus, boolean]>([
  ["active", true],
  ["degraded", true],
  ["suspended", true],
  ["reauthorization_required", false],
  ["disconnected", false],
])("a connection that is %s can give tokens: %s", (status, live) => {
  expect(isLive(status)).toBe(live);
});
