/** A listing cannot go on. The pages before are good; `url` is the page that was not read, or whose next one cannot be. */
export class PageError extends Error {
  override readonly name = "PageError";
  readonly url: string;
  /** The HTTP status of the answer, null when the trouble is the next page's address. */
  readonly status: number | null;

  constructor(message: string, url: URL, status: number | null = null) {
    super(message);
    this.url = url.href;
    this.status = status;
  }
}
