import { randomBytes } from "node:crypto";
import { inject, onTestFinished } from "vitest";
import { administer } from "./administer.ts";
import { TEMPLATE } from "./shared-server.ts";

/** The URL of a database of its own for the running test; gone when it is over. `empty` has no tables yet. */
export async function postgresDatabase(kind: "migrated" | "empty" = "migrated"): Promise<string> {
  const { url, drop } = await createDatabase(kind);
  onTestFinished(drop);
  return url;
}

export interface CreatedDatabase {
  url: string;
  drop: () => Promise<void>;
}

export async function createDatabase(kind: "migrated" | "empty"): Promise<CreatedDatabase> {
  const server = await sharedPostgres();
  const name = `test_${randomBytes(8).toString("hex")}`;
  const template = kind === "empty" ? "template0" : TEMPLATE;
  await administer(server, `create database ${name} template ${template} strategy file_copy`);
  const url = new URL(server);
  url.pathname = name;
  return { url: url.href, drop: async () => void (await administer(server, `drop database ${name} with (force)`)) };
}

/** The URL of the shared server's own database. */
export async function sharedPostgres(): Promise<string> {
  const response = await fetch(inject("sharedPostgres"));
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}
