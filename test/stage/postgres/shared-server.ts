import { createServer } from "node:http";
import type { TestProject } from "vitest/node";
import { secret } from "../../../src/runtime/secret.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { administer } from "./administer.ts";
import { PASSWORD, startPostgres, type PostgresServer } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers with the URL of the server that all test files share, which it starts for the first that asks. */
    sharedPostgres: string;
  }
}

/** Owns the databases of tests, and has no other right, as docs/database.md says: walls within a database are of no account to a superuser. */
export const SERVICE = "service";

/** A database with our tables, to be copied and never opened. */
export const TEMPLATE = "evergrant_template";

/** Once per run of vitest: one server for all test files that need one, and none for those that do not. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let server: Promise<PostgresServer> | null = null;
  const door = createServer((_request, response) => {
    server ??= start();
    server.then(
      ({ url }) => response.end(url("postgres")),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const address = door.address();
  project.provide("sharedPostgres", `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  return async () => {
    door.close();
    await (await server)?.remove();
  };
}

/** The URL of a database of the server, for the service. */
export function asService(server: string, database: string): string {
  const url = new URL(server);
  url.username = SERVICE;
  url.pathname = database;
  return url.href;
}

async function start(): Promise<PostgresServer> {
  const server = await startPostgres();
  const url = server.url("postgres");
  await administer(url, `create role ${SERVICE} login password '${PASSWORD}'`);
  await administer(url, `create database ${TEMPLATE} owner ${SERVICE}`);
  const database = await openPostgres(secret(asService(url, TEMPLATE)));
  await database.close();
  return server;
}
