/**
 * Whether it can be parsed as a URL (WHATWG URL). `URL.canParse` says so too, but on Node 20 it is wrong of any text with a letter
 * of Latin-1, such as `https://bücher.example`, once it was called often enough to be optimized.
 */
export function isUrl(text: string, base?: string | URL): boolean {
  try {
    // oxlint-disable-next-line no-new -- it throws what cannot be parsed
    new URL(text, base);
    return true;
  } catch {
    return false;
  }
}
