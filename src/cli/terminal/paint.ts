import { styleText } from "node:util";

export type Colour = "green" | "yellow" | "red" | "dim" | "bold";

export type Paint = (colour: Colour, text: string) => string;

/** Colours only on a terminal whose user has not asked for none (no-color.org: an empty NO_COLOR asks for nothing). */
export function createPaint(stream: { isTTY?: boolean }, { NO_COLOR = "" }: NodeJS.ProcessEnv): Paint {
  const coloured = stream.isTTY === true && NO_COLOR === "";
  return (colour, text) => (coloured ? styleText(colour, text, { validateStream: false }) : text);
}
