import { describe, expect, test } from "vitest";
import { createCatalogue, type ProviderStore } from "../../src/provider/catalogue.ts";
import type { Provider } from "../../src/provider/provider.ts";
import { providerEntry } from "./entry.ts";

function memory(): ProviderStore {
  const entries = new Map<string, Provider>();
  return {
    find: async (id) => entries.get(id) ?? null,
    list: async () => [...entries.values()],
    put: async (provider) => void entries.set(provider.id, provider),
  };
}

const GOOGLE = providerEntry({ id: "google", name: "Google" });
const SLACK = providerEntry({ id: "slack", name: "Slack" });
const OUR_GOOGLE = providerEntry({ id: "google", name: "Google behind our proxy" });
const ACME = providerEntry({ id: "acme" });

describe("the catalogue", () => {
  test("finds built-in entries", async () => {
    const catalogue = createCatalogue([GOOGLE, SLACK], memory());
    expect(await catalogue.find("slack")).toBe(SLACK);
    expect(await catalogue.find("acme")).toBeNull();
  });

  test("finds a custom entry as soon as it is put, in this and every other process", async () => {
    const store = memory();
    const catalogue = createCatalogue([GOOGLE], store);
    await catalogue.put(ACME);
    expect(await catalogue.find("acme")).toBe(ACME);
    expect(await createCatalogue([GOOGLE], store).find("acme")).toBe(ACME);
  });

  test("puts a custom entry over the built-in one of the same id", async () => {
    const catalogue = createCatalogue([GOOGLE, SLACK], memory());
    await catalogue.put(OUR_GOOGLE);
    expect(await catalogue.find("google")).toBe(OUR_GOOGLE);
  });

  test("lists each id once, in order, and says which are custom", async () => {
    const catalogue = createCatalogue([SLACK, GOOGLE], memory());
    await catalogue.put(OUR_GOOGLE);
    await catalogue.put(ACME);
    expect(await catalogue.list()).toEqual([
      { provider: ACME, custom: true },
      { provider: OUR_GOOGLE, custom: true },
      { provider: SLACK, custom: false },
    ]);
  });

  test("does not take names of JavaScript for ids", async () => {
    const catalogue = createCatalogue([GOOGLE], memory());
    expect(await catalogue.find("__proto__")).toBeNull();
    expect(await catalogue.find("constructor")).toBeNull();
  });
});
