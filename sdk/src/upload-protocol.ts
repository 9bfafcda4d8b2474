/** What an answer says of an upload: how many bytes the server has, or that it has all. */
export type UploadProgress = { readonly kind: "received"; readonly bytes: number } | { readonly kind: "complete" };

/** A request of an upload session, but for its body. */
export interface UploadRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a server takes a file in parts, and how it says how far it is. */
export interface UploadProtocol {
  /** Sends the bytes from `start` up to, and not including, `end`. */
  part(range: { readonly start: number; readonly end: number; readonly size: number }): UploadRequest;
  /** Asks how far the server is. */
  ask(size: number): UploadRequest;
  /** undefined when the answer, to either of them, says nothing about the upload. */
  read(response: Response, size: number): UploadProgress | undefined | Promise<UploadProgress | undefined>;
}
