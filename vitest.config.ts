import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "sdk/test/**/*.test.ts", "sandbox/test/**/*.test.ts"],
    globalSetup: "test/stage/postgres/shared-server.ts",
    testTimeout: 20_000,
    sequence: { shuffle: true },
  },
});
