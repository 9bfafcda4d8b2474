import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED = { br: promisify(brotliCompress), gz: promisify(gzip) };

/**
 * Beside each script and style its compressed forms, so that the service serves them as files. They are made of what was written:
 * until then Vite itself has marks in the scripts to replace.
 */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir = "." }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const content = await readFile(join(dir, name));
        for (const [ending, compress] of Object.entries(COMPRESSED)) {
          await writeFile(join(dir, `${name}.${ending}`), await compress(content));
        }
      }
    },
  };
}

/** The service fills in the address that it is reached at and a nonce, and serves the rest as it is. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [react(), compressed()],
  html: { cspNonce: "NONCE" },
  build: {
    outDir: "../dist/dashboard",
    emptyOutDir: true,
    // A data: URL would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
