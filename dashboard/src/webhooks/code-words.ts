import type { Tested } from "../api/webhooks.ts";

/** Why a message did not arrive. */
export function codeWords(code: Tested["code"], status: number | null): string {
  if (code === null) return "";
  return code === "http_status" ? `the answer was ${status ?? "not one that counts"}.` : CODES[code];
}

const CODES: Record<Exclude<NonNullable<Tested["code"]>, "http_status">, string> = {
  blocked_address: "the address is a private one, to which nothing is sent.",
  bad_url: "the address is no https URL.",
  dns: "its name is not found.",
  refused: "nothing listens there.",
  proxy: "the proxy did not let it through.",
  tls: "its certificate was not accepted.",
  timeout: "no answer came in time. It may have arrived.",
  reset: "the connection broke. It may have arrived.",
  too_large: "the answer was too long. It may have arrived.",
  key_unavailable: "the secret cannot be opened, because an encryption key is missing.",
};
