import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evergrant } from "../cli/evergrant.ts";
import { startPageServer } from "../stage/page-server.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { findSecrets } from "./encodings.ts";

test("passwords in the settings are told by no command, whatever is wrong", async () => {
  const [database, proxy, key, mail] = [1, 2, 3, 4].map(() => `canary-password-${randomUUID()}`);
  const secrets = new Map([
    ["password of the database", database ?? ""],
    ["password of the proxy", proxy ?? ""],
    ["key that is none", key ?? ""],
    ["password of the mail server", mail ?? ""],
  ]);
  const folder = temporaryFolder();
  // A port that is taken, so that no command goes on running.
  const fine = { EVERGRANT_DATA_DIR: folder, EVERGRANT_PORT: new URL(await startPageServer()).port };
  const environments = [
    { ...fine, EVERGRANT_DATABASE_URL: `postgres://user:${database}@127.0.0.1:1/x` },
    { ...fine, EVERGRANT_DATABASE_URL: `postgres://user:${database}@` },
    { ...fine, EVERGRANT_DATABASE_URL: `mysql://user:${database}@127.0.0.1/x` },
    { ...fine, HTTPS_PROXY: `http://user:${proxy}@127.0.0.1:1` },
    { ...fine, HTTPS_PROXY: `socks5://user:${proxy}@127.0.0.1:1` },
    { ...fine, EVERGRANT_ROOT_KEY: `egroot_${key}` },
    { ...fine, EVERGRANT_ADMIN_KEY: `eg_admin_${key}` },
    { ...fine, EVERGRANT_SMTP_URL: `smtps://user:${mail}@mail.example/path`, EVERGRANT_MAIL_FROM: "a@mail.example" },
    { ...fine, EVERGRANT_SMTP_URL: `smtps://user:${mail}@mail.example` },
  ];
  for (const environment of environments) {
    // What the doctor finds it says in one of two ways, and only what knows the database looks at a backup.
    const isOfDatabase = "EVERGRANT_DATABASE_URL" in environment;
    const doctor = isOfDatabase ? ["doctor"] : ["doctor", "--json"];
    for (const command of [doctor, ["serve"], ...(isOfDatabase ? [["backup", join(folder, "b.db")]] : [])]) {
      const { code, stdout, stderr } = await evergrant(command, environment);
      expect([command, code, findSecrets(stdout + stderr, secrets)]).toEqual([command, code, []]);
      expect((stdout + stderr).length).toBeGreaterThan(10);
    }
  }
}, 120_000);
