import { expect, it } from "vitest";
import { readKeyId } from "../../src/access/api-key.ts";
import { parseRootKey } from "../../src/keyring/root-key.ts";
import { evergrant } from "./evergrant.ts";

it("prints a root key that a start accepts, and on stderr where to put it", async () => {
  const { code, stdout, stderr } = await evergrant(["keys", "generate", "root"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^egroot_\S+\n$/);
  expect(parseRootKey(stdout)).not.toBeNull();
  expect(stderr).toContain("EVERGRANT_ROOT_KEY_FILE");
  expect(stderr).not.toContain(stdout.trim());
});

it("prints an admin API key, and on stderr where to put it", async () => {
  const { code, stdout, stderr } = await evergrant(["keys", "generate", "admin"]);
  expect(code).toBe(0);
  expect(readKeyId(stdout.trim())).toMatch(/^key_/);
  expect(stderr).toContain("EVERGRANT_ADMIN_KEY");
});

it("makes a new one each time", async () => {
  const [first, second] = await Promise.all([
    evergrant(["keys", "generate", "root"]),
    evergrant(["keys", "generate", "root"]),
  ]);
  expect(first.stdout).not.toBe(second.stdout);
});

it("prints one document with --json, and nothing on stderr", async () => {
  const root = await evergrant(["keys", "generate", "root", "--json"]);
  expect(JSON.parse(root.stdout)).toEqual({ root_key: expect.stringMatching(/^egroot_/) });
  expect(root.stderr).toBe("");
  const admin = await evergrant(["--json", "keys", "generate", "admin"]);
  expect(JSON.parse(admin.stdout)).toEqual({ admin_key: expect.stringMatching(/^eg_admin_/) });
});
