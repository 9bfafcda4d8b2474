const WIDTH = 24;

/** How far something is, as a bar of fixed width. More than all counts as all. */
export function bar(done: number, total: number): string {
  const part = total <= 0 ? 1 : Math.min(1, done / total);
  const filled = Math.floor(part * WIDTH);
  return `[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}]`;
}
