interface File {
  id: string;
  name: string;
  size: number;
  modified_at: string;
}

export interface FilePage {
  files: File[];
  next_page_token?: string;
}

const fileCount = 95;

/** One page of the user's files, always the same ones; null when a parameter makes no sense. */
export function listFiles(user: string, pageSize: string | null, pageToken: string | null): FilePage | null {
  const size = pageSize === null ? 20 : Number(pageSize);
  const start = pageToken === null ? 0 : readToken(pageToken);
  if (!Number.isInteger(size) || size < 1 || size > 100 || start === null) return null;
  const end = Math.min(start + size, fileCount);
  const files = Array.from({ length: end - start }, (_, offset) => fileOf(user, start + offset));
  return end < fileCount ? { files, next_page_token: writeToken(end) } : { files };
}

function fileOf(user: string, index: number): File {
  const number = String(index + 1).padStart(3, "0");
  return {
    id: `${user}-${number}`,
    name: `Document ${number}.txt`,
    size: ((index * 7919) % 50_000) + 1,
    modified_at: new Date(Date.UTC(2026, 0, 1) + index * 86_400_000).toISOString(),
  };
}

/** Opaque on purpose: a client is to hand it back, not to count with it. */
function writeToken(start: number): string {
  return Buffer.from(`page:${start}`).toString("base64url");
}

function readToken(token: string): number | null {
  const start = Number(/^page:(\d{1,4})$/.exec(Buffer.from(token, "base64url").toString())?.[1]);
  return start > 0 && start < fileCount ? start : null;
}
