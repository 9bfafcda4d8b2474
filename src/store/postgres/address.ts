import { Client } from "pg";
import type { Secret } from "../../runtime/secret.ts";

/** The part of the URL that may be shown: where the database is, and its name. */
export function addressOf(url: Secret<string>): string {
  const { host, pathname, searchParams } = new URL(url.reveal());
  return `${host || (searchParams.get("host") ?? "localhost")}${pathname}`;
}

/** Whether what is said to the database leaves this machine, and can be read on the way. */
export function isOpenToOthers(url: Secret<string>): boolean {
  const { host, ssl } = new Client(connectionString(url));
  return !ssl && !/^(localhost|127\..*|::1|\/.*)$/.test(host);
}

/** pg takes all of these for `verify-full` today, warns of it, and will stop to. */
const VERIFIED = new Set(["prefer", "require", "verify-ca"]);

/** For pg. TLS that was asked for is verified, as a proxy in the middle would otherwise be believed. */
export function connectionString(url: Secret<string>): string {
  const parsed = new URL(url.reveal());
  const { searchParams } = parsed;
  if (!VERIFIED.has(searchParams.get("sslmode") ?? "") || searchParams.has("uselibpqcompat")) return url.reveal();
  searchParams.set("sslmode", "verify-full");
  return parsed.href;
}
