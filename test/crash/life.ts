/** What the proof did to one process. Times are epoch milliseconds. */
export interface Life {
  /** Names this start in claims and journals; null when it was killed before it could say so. */
  instanceId: string | null;
  /** Right before `kill -9`; null while it was not. */
  killedAt: number | null;
  /** From SIGSTOP to SIGCONT, or to the kill. */
  pauses: { from: number; to: number }[];
}
