import { createServer } from "node:http";
import type { TestProject } from "vitest/node";
import { secret } from "../../../src/runtime/secret.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { administer } from "./administer.ts";
import { startPostgres, type PostgresServer } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers with the URL of the server that all test files share, which it starts for the first that asks. */
    sharedPostgres: string;
  }
}

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

async function start(): Promise<PostgresServer> {
  const server = await startPostgres();
  await administer(server.url("postgres"), `create database ${TEMPLATE}`);
  const database = await openPostgres(secret(server.url(TEMPLATE)));
  await database.close();
  return server;
}
