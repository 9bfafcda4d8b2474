import { randomToken, type Random } from "../runtime/random.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { isWhole, withChecksum } from "./checksum.ts";

const SHAPE = /^eg_([a-z]+)_([0-9a-z]{26})_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/;

/** `eg_<kind>_<id>_<secret><crc32>`: a secret that names what it opens, shown once. The id goes in without its prefix. */
export function mintText(kind: string, id: string, random: Random): Secret<string> {
  return secret(withChecksum(`eg_${kind}_${id.slice(id.indexOf("_") + 1)}_${randomToken(random)}`));
}

/** What a well-formed text names; null for anything else. Whether it is the right one is not looked at. */
export function readText(text: string): { kind: string; id: string } | null {
  const [, kind = "", id = ""] = SHAPE.exec(text) ?? [];
  return id !== "" && isWhole(text) ? { kind, id } : null;
}
