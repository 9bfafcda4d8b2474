import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "sdk/test/**/*.test.ts", "sandbox/test/**/*.test.ts"],
    globalSetup: "test/stage/postgres/shared-server.ts",
    testTimeout: 20_000,
    // Many tests wait for processes and databases more than they compute.
    maxWorkers: 2,
    sequence: { shuffle: true },
  },
});
