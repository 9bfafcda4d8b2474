/**
 * Is an answer of `answeredBy` to a request to `sentTo` about the token? After a redirect to another origin the token was not sent along
 * (Fetch standard, HTTP-redirect fetch), so a 401 is not. An answer that does not say where it came from is taken for the API's.
 */
export function isAboutToken(answeredBy: string | undefined, sentTo: string, base?: string): boolean {
  if (answeredBy === undefined || !URL.canParse(answeredBy) || !URL.canParse(sentTo, base)) return true;
  return new URL(answeredBy).origin === new URL(sentTo, base).origin;
}
