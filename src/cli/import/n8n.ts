import { createDecipheriv, createHash } from "node:crypto";
import { RowFault, type FaultyRow, type ImportRow } from "./import-row.ts";
import { recordOf, secretOf, textOf, type SourceRecord } from "./source-record.ts";

/** An entry of what `n8n export:credentials` writes, with `--decrypted` or without; null for one that is not of OAuth 2.0. */
export function n8nRow(record: SourceRecord, key: string | null): ImportRow | FaultyRow {
  const id = textOf(record, "id");
  const type = textOf(record, "type");
  const sourceId = id ?? "?";
  try {
    if (id === null || type === null) throw new RowFault("malformed", "It has no id or no type.");
    const data = dataOf(record, key);
    const oauthClientId = textOf(data, "clientId");
    const name = textOf(record, "name");
    return {
      sourceId,
      clientNames: [type, ...(oauthClientId === null ? [] : [oauthClientId])],
      oauthClientId,
      account: null,
      endUser: null,
      labels: { n8n_id: id, n8n_type: type, ...(name !== null && { n8n_name: name.slice(0, 200) }) },
      tokens: () => tokensOf(data),
    };
  } catch (error) {
    if (error instanceof RowFault) return { sourceId, fault: error };
    throw error;
  }
}

/** What n8n keeps of the token endpoint's answer. It has no time, so when the access token ends is not known. */
function tokensOf(data: SourceRecord) {
  const answer = recordOf(data, "oauthTokenData");
  if (!answer)
    throw new RowFault(
      "no_refresh_token",
      "It has no oauthTokenData: nobody has signed in with it, or it is not OAuth 2.0.",
    );
  return {
    accessToken: secretOf(answer, "access_token"),
    refreshToken: secretOf(answer, "refresh_token"),
    expiresAt: null,
    refreshExpiresAt: null,
    scope: textOf(answer, "scope") ?? textOf(data, "scope"),
  };
}

function dataOf(record: SourceRecord, key: string | null): SourceRecord {
  const plain = recordOf(record, "data");
  if (plain) return plain;
  const sealed = textOf(record, "data");
  if (sealed === null) throw new RowFault("malformed", "It has no data.");
  if (key === null)
    throw new RowFault("sealed", "It is encrypted: set N8N_ENCRYPTION_KEY, or export with --decrypted.");
  const opened = recordOf({ data: unseal(sealed, key) }, "data");
  if (!opened) throw new RowFault("sealed", WRONG_KEY);
  return opened;
}

const WRONG_KEY = "N8N_ENCRYPTION_KEY does not open it: it is another instance's key, or was changed.";
const PREFIX = "Salted__";

/** As OpenSSL encrypts with a password: a prefix, eight bytes of salt, AES-256-CBC with key and IV by MD5 from password and salt. */
function unseal(text: string, password: string): string {
  const sealed = Buffer.from(text, "base64");
  if (sealed.subarray(0, 8).toString("latin1") !== PREFIX)
    throw new RowFault("sealed", "It is encrypted in a way that is not known here.");
  const secret = Buffer.concat([Buffer.from(password, "latin1"), sealed.subarray(8, 16)]);
  const first = md5(secret);
  const second = md5(first, secret);
  const iv = md5(second, secret);
  try {
    const decipher = createDecipheriv("aes-256-cbc", Buffer.concat([first, second]), iv);
    return Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]).toString("utf8");
  } catch {
    throw new RowFault("sealed", WRONG_KEY);
  }
}

function md5(...parts: Uint8Array[]): Buffer {
  return createHash("md5").update(Buffer.concat(parts)).digest();
}
