import { Option } from "commander";
import { wholeNumber } from "../whole-number.ts";

const LONGEST_MIN_TTL = 86_400;

/** How much life a token should have left, for every command that hands one to something. */
export function minTtlOption(): Option {
  return new Option("--min-ttl <seconds>", "life that it should have left (default: 60)").argParser(
    wholeNumber(0, LONGEST_MIN_TTL),
  );
}
