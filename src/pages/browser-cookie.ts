export interface BrowserCookie {
  /** The value of a `Set-Cookie` header, for the attempt of this tag. */
  set(tag: string, browserToken: string): string;
  /** The token of an attempt in a `Cookie` header; null when it is not there. */
  read(tag: string, header: string | undefined): string | null;
}

const TEN_MINUTES = 600;

/**
 * The cookie that ties a sign-in to one browser. Under https it has the `__Host-` prefix, so that no other host can set it;
 * `SameSite=Lax` lets it come along when the provider sends the browser back. Each attempt has one of its own, so that two tabs do
 * not take it from each other.
 */
export function createBrowserCookie(address: string, use: "connect" | "sign_in" = "connect"): BrowserCookie {
  const secure = address.startsWith("https:");
  const prefix = `${secure ? "__Host-" : ""}evergrant_${use}`;
  const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${TEN_MINUTES}${secure ? "; Secure" : ""}`;
  return {
    set: (tag, browserToken) => `${prefix}_${tag}=${browserToken}; ${attributes}`,
    read: (tag, header) => {
      const name = `${prefix}_${tag}`;
      const pair = (header ?? "").split(/;\s*/).find((part) => part.startsWith(`${name}=`));
      return pair === undefined ? null : pair.slice(name.length + 1);
    },
  };
}
