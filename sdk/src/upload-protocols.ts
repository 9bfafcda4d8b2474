import { isJsonObject } from "./json-object.ts";
import type { UploadProgress, UploadProtocol, UploadRequest } from "./upload-protocol.ts";

/**
 * Resumable uploads of Google: parts with `Content-Range` (RFC 9110, section 14.4), answered with 308 and the `Range` that is there, and
 * with 200 or 201 when all is. Parts have to be multiples of 256 KiB, but for the last.
 */
export const googleUpload: UploadProtocol = {
  part: putRange,
  ask: (size) => ({ method: "PUT", headers: { "content-range": `bytes */${size}` } }),
  read({ status, headers }) {
    if (status === 200 || status === 201) return { kind: "complete" };
    if (status !== 308 && status !== 416) return undefined;
    const last = /^bytes=0-(\d{1,15})$/.exec(headers.get("range") ?? "bytes=0--1")?.[1];
    return { kind: "received", bytes: last === undefined ? 0 : Number(last) + 1 };
  },
};

/**
 * Upload sessions of Microsoft Graph: the same parts, answered with 202 and `nextExpectedRanges`. Parts have to be multiples of 320 KiB, but
 * for the last. The session's address is the permission: give the upload the plain `fetch`, a token would be refused.
 */
export const graphUpload: UploadProtocol = {
  part: putRange,
  ask: () => ({ method: "GET", headers: {} }),
  async read(response) {
    const { status } = response;
    if (status !== 200 && status !== 201 && status !== 202) return undefined;
    const answer: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const expected = isJsonObject(answer) ? answer.nextExpectedRanges : undefined;
    if (!Array.isArray(expected)) return status === 202 ? undefined : { kind: "complete" };
    const first = /^(\d{1,15})-/.exec(String(expected[0]))?.[1];
    return first === undefined ? undefined : { kind: "received", bytes: Number(first) };
  },
};

/** tus 1.0: parts by `PATCH` with `Upload-Offset`, which `HEAD` tells too. */
export const tusUpload: UploadProtocol = {
  part: ({ start }) => ({
    method: "PATCH",
    headers: { ...TUS, "upload-offset": String(start), "content-type": "application/offset+octet-stream" },
  }),
  ask: () => ({ method: "HEAD", headers: TUS }),
  read(response, size): UploadProgress | undefined {
    const offset = response.headers.get("upload-offset") ?? "";
    if (!response.ok || !/^\d{1,15}$/.test(offset)) return undefined;
    const bytes = Number(offset);
    return bytes === size ? { kind: "complete" } : { kind: "received", bytes };
  },
};

/** RFC 9110, section 14.4; `end` is not part of it. */
function putRange({ start, end, size }: { start: number; end: number; size: number }): UploadRequest {
  return { method: "PUT", headers: { "content-range": `bytes ${start}-${end - 1}/${size}` } };
}

const TUS = { "tus-resumable": "1.0.0" };
