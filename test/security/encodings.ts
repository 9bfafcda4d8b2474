/** The spellings in which a secret might show, each with its name. Bytes are searched for in texts that were read as latin1. */
export function spellings(secret: string | Uint8Array): Map<string, string> {
  const bytes = Buffer.from(secret);
  const text = typeof secret === "string" ? secret : bytes.toString("latin1");
  return new Map([
    ["raw", text],
    ["JSON", JSON.stringify(text).slice(1, -1)],
    ["hex", bytes.toString("hex")],
    ["HEX", bytes.toString("hex").toUpperCase()],
    ["URL-encoded", encodeURIComponent(text)],
    ["fully URL-encoded", [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")],
    ...[0, 1, 2].map((shift): [string, string] => [`base64 at ${shift}`, base64Inside(bytes, shift, "base64")]),
    ...[0, 1, 2].map((shift): [string, string] => [`base64url at ${shift}`, base64Inside(bytes, shift, "base64url")]),
  ]);
}

/** What of a base64 text is certain to appear when the secret stands `shift` bytes into a group of three. */
function base64Inside(bytes: Buffer, shift: number, encoding: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString(encoding)
    .replaceAll("=", "");
  return text.slice(shift === 0 ? 0 : shift + 1, -1);
}

/** Where a secret shows in `text`, as "name (spelling)"; empty when nowhere. */
export function findSecrets(text: string, secrets: ReadonlyMap<string, string | Uint8Array>): string[] {
  return [...secrets].flatMap(([name, secret]) =>
    [...spellings(secret)].filter(([, spelling]) => text.includes(spelling)).map(([how]) => `${name} (${how})`),
  );
}
