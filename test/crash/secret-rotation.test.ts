import { expect, test } from "vitest";
import { postgresDatabase } from "../stage/postgres/database.ts";
import { openShared } from "./database.ts";
import { isFlawless, rotateUnderLoad } from "./secret-rotation.ts";

/** A small piece of `npm run prove:secret-rotation`. */
test(
  "nobody notices a new secret that is wrong, nor the end of the old one in the moment of its promotion",
  { timeout: 180_000 },
  async () => {
    const database = await openShared(await postgresDatabase());
    const report = await rotateUnderLoad({ database, processes: 2, connections: 24, lifetimeSeconds: 4 });
    expect([report, isFlawless(report)]).toEqual([report, true]);
    expect(report.refreshed).toBeGreaterThanOrEqual(72);
    // One request tries the wrong secret; a few may be under way with the old one when it dies.
    expect(report.refreshRequests - report.refreshed).toBeGreaterThan(0);
  },
);
