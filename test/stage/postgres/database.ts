import { randomBytes } from "node:crypto";
import { inject, onTestFinished } from "vitest";
import { administer } from "./administer.ts";
import { asService, SERVICE, TEMPLATE } from "./shared-server.ts";

/** The URL of a database of the running test, for its owner; gone when it is over. `empty` has no tables yet. */
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
  await administer(server, `create database ${name} owner ${SERVICE} template ${template} strategy file_copy`);
  return {
    url: asService(server, name),
    drop: async () => void (await administer(server, `drop database ${name} with (force)`)),
  };
}

/** The URL of the shared server's own database, for its superuser. */
export async function sharedPostgres(): Promise<string> {
  const response = await fetch(inject("sharedPostgres"));
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}
