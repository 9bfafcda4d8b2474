/** `Retry-After` as a wait in milliseconds, from either of its forms (RFC 9110 §10.2.3); null when absent or unreadable. */
export function retryAfterMs(value: string | undefined): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = text.endsWith("GMT") ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
