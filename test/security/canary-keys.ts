import { readFileSync } from "node:fs";
import { recordKeyVersion, openRecord } from "../../src/keyring/record.ts";
import { tenantKeyAad } from "../../src/keyring/aad.ts";
import { openKeyring } from "../../src/keyring/keyring.ts";
import { parseRootKey } from "../../src/keyring/root-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import type { Search } from "./canary-search.ts";

/** The keys that nobody but the service ever has. */
export async function addKeys({ stage, secrets }: Pick<Search, "stage" | "secrets">): Promise<void> {
  const text = readFileSync(`${stage.settings.dataDir}/root.key`, "utf8").trim();
  const root = parseRootKey(text);
  if (!root) throw new Error("no root key");
  const database = await openSqlite(`${stage.settings.dataDir}/evergrant.db`, systemClock);
  const keys = createKeyStore(database, () => "");
  const instanceId = await keys.instanceId();
  for (const [index, { tenantId, version, wrapped }] of (await keys.tenantKeys("default")).entries()) {
    const key = { bytes: root.bytes.reveal(), version: recordKeyVersion(wrapped) ?? 0 };
    const opened = openRecord(key, tenantKeyAad(instanceId, tenantId, version), wrapped);
    if (opened) secrets.set(`tenant key ${index}`, opened);
  }
  const keyring = await openKeyring({
    keys,
    roots: { primary: root, others: [] },
    random: systemRandom,
    clock: systemClock,
  });
  for (const [index, purpose] of ["links", "api-keys", "seeds", "agent-tokens"].entries()) {
    secrets.set(`derived key ${index}`, (await keyring.derive(purpose)).reveal());
  }
  secrets.set("root key", text).set("root key's bytes", root.bytes.reveal());
  await database.close();
}
