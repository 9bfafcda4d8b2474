/** Seconds to wait by a `Retry-After` field: a number of seconds or a date (RFC 9110, section 10.2.3). */
export function readRetryAfter(field: string | null): number | null {
  if (field === null) return null;
  if (/^\d+$/.test(field)) return Number(field);
  const seconds = Math.ceil((Date.parse(field) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}
