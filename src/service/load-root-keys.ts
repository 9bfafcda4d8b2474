import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { getProxyForUrl } from "proxy-from-env";
import type { KeyStore } from "../access/key-store.ts";
import { generateRootKey, parseRootKey, type RootKey } from "../keyring/root-key.ts";
import type { RootKeys } from "../keyring/root-keys.ts";
import type { Transport } from "../oauth/http.ts";
import type { Random } from "../runtime/random.ts";
import { createTransport } from "../network/transport.ts";
import { openKeptRootKey } from "../keyring/kept-root-key.ts";
import type { KeyService } from "../keyring/kms/key-service.ts";
import { openKeyService } from "../keyring/kms/open-key-service.ts";
import { outputOf } from "./root-key-command.ts";
import type { OldRootKeySource, RootKeySource, Settings } from "./settings.ts";
import { StartError } from "./start-error.ts";
import { systemClock } from "./system.ts";

type RootKeySettings = Pick<Settings, "rootKey" | "oldRootKeys" | "transit">;

/** The root keys from where the settings say. Only a database that nothing was sealed in yet gets a new one. */
export async function loadRootKeys(settings: RootKeySettings, keys: KeyStore, random: Random): Promise<RootKeys> {
  const primary = await loadPrimary(settings, keys, random);
  return { primary, others: await Promise.all(settings.oldRootKeys.map((old) => loadOld(old, settings, keys))) };
}

async function loadPrimary(settings: RootKeySettings, keys: KeyStore, random: Random): Promise<RootKey> {
  const { rootKey: source } = settings;
  if (source.kind === "service") return openKeptRootKey(await serviceAt(source.address, settings), keys, random);
  const text = await textOf(source);
  if (text !== null) return parse(text, whereIs(source));
  const known = await keys.rootKeys();
  if (source.kind === "generated" && known.length === 0) return generate(source.path, random);
  const path = whereIs(source);
  throw new StartError(
    "key",
    known.length === 0
      ? `The root key file ${path} is missing. Make a key with \`evergrant keys generate root\`, and give the same one to every process on this database with EVERGRANT_ROOT_KEY_FILE or EVERGRANT_ROOT_KEY.`
      : `The root key file ${path} is missing. Put the key back, or name it with EVERGRANT_ROOT_KEY_FILE; without it nothing in this database can be opened.`,
  );
}

async function loadOld(old: OldRootKeySource, settings: RootKeySettings, keys: KeyStore): Promise<RootKey> {
  if (old.kind === "service") return openKeptRootKey(await serviceAt(old.address, settings), keys, NOTHING_NEW);
  const text = read(old.path);
  if (text !== null) return parse(text, old.path);
  throw new StartError("key", `The old root key file ${old.path} is missing. Correct EVERGRANT_OLD_ROOT_KEY_FILES.`);
}

/** Of an old root key, only one that is stored is of use. */
const NOTHING_NEW: Random = {
  bytes: () => {
    throw new StartError(
      "key",
      "A key service in EVERGRANT_OLD_ROOT_KEY_SERVICES keeps no root key of this database. Correct the address.",
    );
  },
  fraction: () => 0,
};

/** Who named the address has allowed its host, for this and nothing else. */
function transportTo(host: string): Transport {
  return createTransport({ allowedPrivateHosts: [host], proxyFor: getProxyForUrl });
}

function serviceAt(address: string, { transit }: RootKeySettings): Promise<KeyService> {
  return openKeyService(address, { clock: systemClock, transportTo, transit });
}

/** Null when there is no such file. */
async function textOf(source: Exclude<RootKeySource, { kind: "service" }>): Promise<string | null> {
  switch (source.kind) {
    case "value":
      return source.text.reveal();
    case "command":
      return outputOf(source.command);
    case "file":
    case "generated":
      return read(source.path);
  }
}

/** Where a root key comes from, for people. */
export function whereIs(source: RootKeySource): string {
  switch (source.kind) {
    case "value":
      return "EVERGRANT_ROOT_KEY";
    case "command":
      return "EVERGRANT_ROOT_KEY_COMMAND";
    case "service":
      return source.address;
    case "file":
    case "generated":
      return source.path;
  }
}

function parse(text: string, where: string): RootKey {
  const key = parseRootKey(text);
  if (key) return key;
  throw new StartError("key", `${where} holds no root key. Make one with \`evergrant keys generate root\`.`);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new StartError("key", `The root key file ${path} cannot be read. Check its permissions.`);
  }
}

/** On disk before anything is sealed with it: a key that a crash takes away would take all tokens along. */
function generate(path: string, random: Random): RootKey {
  const text = generateRootKey(random).reveal();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "wx", 0o600);
  writeSync(file, `${text}\n`);
  fsyncSync(file);
  closeSync(file);
  return parse(text, path);
}
