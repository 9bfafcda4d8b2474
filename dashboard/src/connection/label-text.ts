/** Labels as people write them, `name:value` each. */
export function printLabels(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}:${value}`);
}

/** One a line; the limits are the API's. */
export function parseLabels(text: string): { labels: Record<string, string> } | { problem: string } {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const pairs: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return { problem: `“${line}” has to be name:value.` };
    const name = line.slice(0, colon).trim();
    if (pairs.some(([other]) => other === name)) return { problem: `“${name}” is there twice.` };
    pairs.push([name, line.slice(colon + 1).trim()]);
  }
  return { labels: Object.fromEntries(pairs) };
}
