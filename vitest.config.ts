import { defineConfig } from "vitest/config";
import { memoryFolder } from "./test/stage/memory-folder.ts";

// Databases and journals are flushed all the time, and no test pulls the plug: memory makes that quick.
const memory = memoryFolder();
if (memory !== null) process.env["TMPDIR"] ??= memory;

/** What leaves nothing behind in the modules that it loads: these files share them, which saves a quarter of the time. */
const TOGETHER = [
  "access",
  "api",
  "cli",
  "client",
  "connect",
  "connection",
  "dashboard",
  "docs",
  "event",
  "facade",
  "field",
  "incident",
  "journal",
  "keyring",
  "network",
  "notify",
  "oauth",
  "pages",
  "provider",
  "recipes",
  "refresh",
  "runtime",
  "security",
  "security-event",
  "service",
  "store",
  "telemetry",
];
/** But for these files: one replaces a module, and what the library in the other is told it keeps. */
const APART = ["tenant-wall", "azure"];
const folders = [...TOGETHER.map((folder) => `test/${folder}`), "sdk/test", "sandbox/test"];
const together = folders.map((folder) => `${folder}/**/!(${APART.join("|")}).test.ts`);

export default defineConfig({
  test: {
    globalSetup: "test/stage/postgres/shared-server.ts",
    // For what hangs: a test that moves the clock over days takes long where others use the machine too.
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // Many tests wait for processes and databases more than they compute.
    maxWorkers: 3,
    sequence: { shuffle: { tests: true, files: false } },
    projects: [
      { extends: true, test: { name: "together", include: together, isolate: false } },
      {
        extends: true,
        test: {
          name: "apart",
          include: ["test/**/*.test.ts", "sdk/test/**/*.test.ts", "sandbox/test/**/*.test.ts"],
          exclude: together,
        },
      },
    ],
  },
});
