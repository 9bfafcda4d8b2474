import type { z } from "zod";
import { providerSchema, type Provider } from "../../src/provider/provider.ts";

/** A provider entry with nothing in it but what every entry needs. */
export function providerEntry(fields: Partial<z.input<typeof providerSchema>> = {}): Provider {
  return providerSchema.parse({
    id: "acme",
    name: "Acme",
    authorization_url: "https://as.example/authorize",
    token_url: "https://as.example/token",
    ...fields,
  });
}
