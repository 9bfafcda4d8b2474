import { missingOfflineAccess, type Provider } from "../../provider/provider.ts";
import { readBuiltInProviders } from "../../service/built-in-providers.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";
import { table, type Cell } from "../terminal/table.ts";
import { lifeText } from "./life-text.ts";

export function showProvider(output: Output, id: string): void {
  const provider = readBuiltInProviders().find((one) => one.id === id);
  if (!provider) {
    throw new CommandFailure({
      exit: "not_found",
      code: "unknown_provider",
      detail: `There is no provider ${id} in the catalogue.`,
      next: "evergrant providers list names them. GET /v1/providers of a running service has your own too.",
    });
  }
  output.result(provider, () => table(rows(provider), output.paint).join("\n"));
}

function rows(provider: Provider): Cell[][] {
  const facts = [...endpoints(provider), ...habits(provider), ...failures(provider), ...evidence(provider)];
  return facts.filter(([, text]) => text !== "").map(([name, text]) => [{ text: name, colour: "dim" }, { text }]);
}

function endpoints(provider: Provider): [string, string][] {
  const parameters = Object.entries(provider.parameters);
  return [
    ["id", provider.id],
    ["name", provider.name],
    ["documentation", provider.docs_url ?? ""],
    ["authorization", provider.authorization_url],
    ["token", provider.token_url],
    ["refresh", provider.refresh_url ?? ""],
    ["revocation", provider.revocation_url ?? ""],
    ...parameters.map(([name, { description }]): [string, string] => [`{${name}}`, description]),
  ];
}

function habits(provider: Provider): [string, string][] {
  const { lifetimes, replay, dialects, most_refresh_tokens: most } = provider;
  return [
    ["client authentication", provider.authentication],
    ["offline access", missingOfflineAccess(provider, { scopes: [], parameters: {} }).join(", ")],
    ["rotation", provider.rotation ?? ""],
    ["a used refresh token", replay.class === "window" ? `answered for ${lifeText(replay.seconds)}` : replay.class],
    ["access token lives", lifeText(lifetimes.access_seconds)],
    ["refresh token unused", lifeText(lifetimes.idle_seconds)],
    ["refresh token at most", lifeText(lifetimes.absolute_seconds)],
    ["refresh tokens at once", most === null ? "" : String(most)],
    ["dialects", dialects.join(", ")],
    ["answer fields", provider.answer_fields.join(", ")],
  ];
}

function failures({ failure_rules: rules, pitfalls }: Provider): [string, string][] {
  return [
    ...rules.map((rule): [string, string] => [`→ ${rule.cause}`, rule.meaning]),
    ...pitfalls.map((pitfall): [string, string] => ["!", pitfall]),
  ];
}

function evidence({ confidence, unverified_fields: unverified, sources }: Provider): [string, string][] {
  return [
    ["confidence", confidence],
    ["not verified", unverified.join(", ")],
    ...sources.map((source): [string, string] => ["source", source]),
  ];
}
