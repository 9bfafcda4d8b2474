import { defineConfig } from "vitest/config";
import { memoryFolder } from "./test/stage/memory-folder.ts";

// Databases and journals are flushed all the time, and no test pulls the plug: memory makes that quick.
const memory = memoryFolder();
if (memory !== null) process.env["TMPDIR"] ??= memory;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "sdk/test/**/*.test.ts", "sandbox/test/**/*.test.ts"],
    globalSetup: "test/stage/postgres/shared-server.ts",
    testTimeout: 20_000,
    // Many tests wait for processes and databases more than they compute.
    maxWorkers: 2,
    sequence: { shuffle: { tests: true, files: false } },
  },
});
