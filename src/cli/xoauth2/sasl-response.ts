export type Mechanism = "xoauth2" | "oauthbearer";

/** What the client sends at once, in base64, with nothing to follow where it is let in. */
export function saslResponse(mechanism: Mechanism, user: string, accessToken: string): string {
  const start = mechanism === "xoauth2" ? `user=${user}` : `n,a=${saslname(user)},`;
  return Buffer.from(`${start}\x01auth=Bearer ${accessToken}\x01\x01`).toString("base64");
}

/** RFC 5801 §4. */
function saslname(user: string): string {
  return user.replaceAll("=", "=3D").replaceAll(",", "=2C");
}
