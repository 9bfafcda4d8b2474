/** Codes and numbers on one line, as `name=value`. */
export function describeDetail(detail: Readonly<Record<string, string | number | boolean | null>>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}
