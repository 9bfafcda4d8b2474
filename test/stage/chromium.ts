import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser } from "playwright-core";

/** This machine's Chromium. Throws where there is none: pages that nobody has looked at are not finished. */
export async function openChromium(): Promise<Browser> {
  // In a container everything runs as root, and then Chromium has no sandbox.
  return chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
}

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

function chromiumPath(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found === undefined) throw new Error(`There is no Chromium: none of ${NAMES.join(", ")} is in PATH.`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
