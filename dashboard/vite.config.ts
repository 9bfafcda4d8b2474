import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED = { br: promisify(brotliCompress), gz: promisify(gzip) };

/** Beside each script and style its compressed forms, so that the service serves them as files. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    async generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (!/\.(js|css|svg)$/.test(file.fileName)) continue;
        const content = Buffer.from(file.type === "chunk" ? file.code : file.source);
        for (const [ending, compress] of Object.entries(COMPRESSED)) {
          this.emitFile({ type: "asset", fileName: `${file.fileName}.${ending}`, source: await compress(content) });
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
