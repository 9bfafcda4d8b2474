import { isUrl } from "../runtime/is-url.ts";
import type { ConnectPorts } from "./ports.ts";

/**
 * Whether a browser came to another address of this service than `address`, by the `Host` that it named. A host that is none of ours
 * is that of a proxy which does not hand on the browser's own, and says nothing.
 */
export async function isElsewhere(
  { tenants, publicUrl }: Pick<ConnectPorts, "tenants" | "publicUrl">,
  host: string,
  address: string,
): Promise<boolean> {
  const { protocol, host: expected } = new URL(address);
  const here = hostIn(`${protocol}//${host}`);
  if (here === null || here === expected) return false;
  return here === hostIn(publicUrl) || tenants.hasHost(here);
}

/** As URLs write it: in lower case, without the usual port; and without the dot that a name may end with (RFC 1034 §3.1). */
function hostIn(url: string): string | null {
  return isUrl(url) ? new URL(url).host.replace(/\.(?=:|$)/, "") : null;
}
