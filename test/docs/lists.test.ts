import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ACTS } from "../../src/access/audit.ts";
import { CAUSES } from "../../src/connection/cause.ts";
import { EVENT_TYPES } from "../../src/event/event.ts";
import { DELIVERY_CODES } from "../../src/event/webhook-delivery.ts";
import { ERROR_CODES } from "../../src/runtime/service-error.ts";

function page(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
}

function sections(name: string): string[] {
  return [...page(name).matchAll(/^## (\w+)$/gm)].map((match) => match[1] ?? "");
}

test("docs/errors.md explains every error code, and no other", () => {
  expect(sections("docs/errors.md").toSorted()).toEqual([...ERROR_CODES].toSorted());
});

test("docs/causes.md explains every cause, and no other", () => {
  expect(sections("docs/causes.md").toSorted()).toEqual([...CAUSES].toSorted());
});

test("docs/events.md has every type of events and every code of deliveries, and no others", () => {
  const firstCells = [...page("docs/events.md").matchAll(/^\| (`.+?`) +\|/gm)].map((match) => match[1] ?? "");
  const listed = firstCells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""));
  expect(listed.toSorted()).toEqual([...EVENT_TYPES, ...DELIVERY_CODES].toSorted());
});

test("docs/audit.md has every act, and no other", () => {
  const listed = [...page("docs/audit.md").matchAll(/^\| `([\w.]+)` +\|/gm)].map((match) => match[1] ?? "");
  expect(listed.toSorted()).toEqual([...ACTS].toSorted());
});

test("every relative link in the documentation leads to a file", () => {
  const pages = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/access.md",
    "docs/audit.md",
    "docs/backup.md",
    "docs/causes.md",
    "docs/cli.md",
    "docs/clients.md",
    "docs/drop-in.md",
    "docs/errors.md",
    "docs/drop-in.md",
    "docs/events.md",
    "docs/database.md",
    "docs/drop-in.md",
    "docs/incidents.md",
    "docs/journal.md",
    "docs/keys.md",
    "docs/liveness.md",
    "docs/metrics.md",
    "docs/moving.md",
    "docs/providers.md",
    "docs/reauthorization.md",
    "docs/scopes.md",
    "docs/simulation.md",
    "docs/crash-proof.md",
    "docs/sealed-records.md",
    "docs/security-events.md",
    "docs/tenants.md",
    "docs/threat-model.md",
  ];
  for (const name of pages) {
    const links = [...page(name).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? "");
    for (const link of links) expect(() => page(join(dirname(name), link)), `${name}: ${link}`).not.toThrow();
  }
});
