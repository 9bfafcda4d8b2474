/** An upload cannot go on now. The server has `bytes` of it: `resumableUpload` with `resume` goes on from there while the session lives. */
export class UploadStoppedError extends Error {
  override readonly name = "UploadStoppedError";
  readonly bytes: number;
  /** The HTTP status of the last answer, null when there was none. */
  readonly status: number | null;

  constructor(message: string, fields: { bytes: number; status: number | null; cause?: unknown }) {
    super(message, { cause: fields.cause });
    this.bytes = fields.bytes;
    this.status = fields.status;
  }
}
