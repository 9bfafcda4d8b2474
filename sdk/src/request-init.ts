/** What `fetch` takes as a body. That includes the streams of Node, which the types of the DOM leave out. */
export type EvergrantBody = RequestInit["body"] | AsyncIterable<Uint8Array>;

/** The second argument of `connection.fetch`: that of `fetch`, whose body may also be a function that makes it. */
export interface EvergrantRequestInit extends Omit<RequestInit, "body"> {
  /**
   * A function is called anew for every try. It is the way to send a stream that can be repeated after a 401; a stream
   * itself is sent once, and a 401 then rejects with `ReplayImpossibleError`.
   */
  body?: EvergrantBody | (() => EvergrantBody | Promise<EvergrantBody>);
}
