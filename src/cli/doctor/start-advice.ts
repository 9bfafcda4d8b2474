/** What stops a start says first what is wrong, and mostly in a second sentence what to do about it. */
export function startAdvice(message: string): { found: string; next: string } {
  const [, found = message, next = "The service does not start like this."] =
    /^(.+?)\. ([A-Z].*)$/s.exec(message) ?? [];
  return { found, next };
}
