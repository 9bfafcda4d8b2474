import type { Colour } from "../terminal/paint.ts";
import type { Connection } from "./connection.ts";

export const STATUS_COLOUR: Readonly<Record<Connection["status"], Colour>> = {
  active: "green",
  degraded: "yellow",
  suspended: "yellow",
  reauthorization_required: "red",
  disconnected: "dim",
};
