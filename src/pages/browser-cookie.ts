export interface BrowserCookie {
  /** The value of a `Set-Cookie` header. */
  set(browserToken: string): string;
  /** The token in a `Cookie` header; null when it is not there. */
  read(header: string | undefined): string | null;
}

const TEN_MINUTES = 600;

/**
 * The cookie that ties a sign-in to one browser. Under https it has the `__Host-` prefix, so that no other host can set it;
 * `SameSite=Lax` lets it come along when the provider sends the browser back.
 */
export function createBrowserCookie(publicUrl: string): BrowserCookie {
  const secure = publicUrl.startsWith("https:");
  const name = secure ? "__Host-evergrant_connect" : "evergrant_connect";
  const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${TEN_MINUTES}${secure ? "; Secure" : ""}`;
  return {
    set: (browserToken) => `${name}=${browserToken}; ${attributes}`,
    read: (header) => {
      const pair = (header ?? "").split(/;\s*/).find((part) => part.startsWith(`${name}=`));
      return pair === undefined ? null : pair.slice(name.length + 1);
    },
  };
}
