import type * as Library from "oidc-provider";

/**
 * oidc-provider without its word about the runtime. On Node 20 it says at import that it wants a later release,
 * on a line that would stand before everything the sandbox prints; what the sandbox uses of it works there.
 */
export const { Provider, errors } = await importQuietly();

async function importQuietly(): Promise<typeof Library> {
  const { console } = globalThis;
  const warn = (...said: unknown[]) => {
    if (!String(said[0]).includes("oidc-provider WARNING: Unsupported runtime")) console.warn(...said);
  };
  globalThis.console = Object.create(console, { warn: { value: warn } });
  try {
    return await import("oidc-provider");
  } finally {
    globalThis.console = console;
  }
}
