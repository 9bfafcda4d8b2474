import { createSymmetricKey, json, serveKeys, type Answer, type KeyServer } from "./key-server.ts";

export const TOKEN = "hvs.CAESIJ-evergrant";

export function refused(status: number, sentence = "") {
  return (text: string): Answer => json(status, { errors: [sentence + text] });
}

/** A Transit engine with the keys `one` and `other`. */
export async function serveTransit(): Promise<KeyServer> {
  const keys = new Map(["one", "other"].map((id) => [id, createSymmetricKey()]));
  return serveKeys(({ path, headers, body }) => {
    const [, operation, id] = /^\/v1\/team\/transit\/(encrypt|decrypt)\/(\w+)$/.exec(path) ?? [];
    if (operation === undefined) return refused(404)("no handler for route");
    if (headers["x-vault-token"] !== TOKEN) return refused(403)("permission denied");
    const key = keys.get(id ?? "");
    if (!key) return refused(400)("encryption key not found");
    const context = Buffer.from(body["associated_data"] ?? "", "base64").toString();
    if (operation === "encrypt") {
      const ciphertext = key.encrypt(Buffer.from(body["plaintext"] ?? "", "base64"), context);
      return json(200, {
        request_id: "1",
        data: { ciphertext: `vault:v1:${ciphertext.toString("base64")}`, key_version: 1 },
      });
    }
    const plaintext = key.decrypt(Buffer.from((body["ciphertext"] ?? "").replace("vault:v1:", ""), "base64"), context);
    if (!plaintext) return refused(400)("cipher: message authentication failed");
    return json(200, { request_id: "1", data: { plaintext: plaintext.toString("base64") } });
  });
}
