import { isUrl } from "../../runtime/is-url.ts";
import { CommandFailure } from "../command-failure.ts";

export const DEFAULT_URL = "http://127.0.0.1:4100";

/** The address without a slash at its end. The failure never repeats it: it may hold a password. */
export function readServiceUrl(text: string): string {
  if (text === "") return DEFAULT_URL;
  const url = isUrl(text) ? new URL(text) : null;
  const isAddress = url !== null && ["http:", "https:"].includes(url.protocol);
  if (!isAddress || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new CommandFailure({
      exit: "usage",
      code: "usage",
      detail: "The address of the service (--url or EVERGRANT_URL) is not usable.",
      next: `It has to be an http or https address without user, query or fragment, such as ${DEFAULT_URL}.`,
    });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
