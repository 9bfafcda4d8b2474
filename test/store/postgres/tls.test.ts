import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { selfSigned } from "@evergrant/sandbox";
import { configure, startPostgres } from "../../stage/postgres/server.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";

/** A server that speaks TLS as `localhost`, with a certificate that only `authority` vouches for. */
async function startWithTls(): Promise<{ url: URL; authority: string }> {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  const { key, cert } = selfSigned("localhost");
  await server.stop("fast");
  for (const [name, text] of Object.entries({ "server.key": key, "server.crt": cert })) {
    const path = join(server.dataFolder, name);
    writeFileSync(path, text, { mode: 0o600 });
    const { user } = server.programs;
    if (user) chownSync(path, user.uid, user.gid);
  }
  configure(server.dataFolder, { ssl: "on" });
  await server.start();
  const authority = join(temporaryFolder(), "ca.pem");
  writeFileSync(authority, cert);
  const url = new URL(server.url("postgres"));
  url.hostname = "localhost";
  url.searchParams.set("sslmode", "require");
  return { url, authority };
}

test("a certificate that nobody vouches for is refused, and accepted when its authority is named", async () => {
  const { url, authority } = await startWithTls();
  await expect(openPostgres(secret(url.href))).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringMatching(/^The certificate of PostgreSQL is not accepted/),
  });
  url.searchParams.set("sslrootcert", authority);
  const database = await openPostgres(secret(url.href));
  onTestFinished(() => database.close());
  const encrypted = sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
  expect((await database.read((queries) => encrypted.execute(queries))).rows).toEqual([{ ssl: true }]);
});

test("a certificate for another name is refused, though its authority be the right one", async () => {
  const { url, authority } = await startWithTls();
  url.hostname = "127.0.0.1";
  url.searchParams.set("sslrootcert", authority);
  await expect(openPostgres(secret(url.href))).rejects.toMatchObject({
    message: expect.stringMatching(/^The certificate of PostgreSQL is not accepted/),
  });
});
