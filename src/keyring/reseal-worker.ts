import { parentPort } from "node:worker_threads";
import { resealPacked } from "./packed-values.ts";
import type { ResealJob } from "./reseal-thread.ts";

/** What runs in the thread of `reseal-thread.ts`: values go back in the buffer that they came in, and the keys are zeroed. */
parentPort?.on("message", ({ packed, keys }: ResealJob) => {
  try {
    resealPacked(packed, keys);
  } finally {
    for (const { bytes } of keys) bytes.fill(0);
  }
  // A thread has no origin to name.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(packed, [packed]);
});
