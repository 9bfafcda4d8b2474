/** Text from elsewhere, such as an account's name, without the control characters that could command a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\n]/gu, "\u{fffd}");
}
