import { z } from "zod";
import { deliverySchema } from "../../api/webhook-view.ts";
import type { DeliveryState } from "../../event/webhook-delivery.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type Delivery = z.infer<typeof deliverySchema>;

export interface DeliveryFilter {
  state?: DeliveryState;
  limit: number;
}

const pageSchema = z.object({ deliveries: z.array(deliverySchema), next_before: z.string().nullable() });
const PAGE = 200;

export function listDeliveries(
  service: ServiceClient,
  output: Output,
  id: string,
  filter: DeliveryFilter,
): Promise<void> {
  return output.results(found(service, id, filter), {
    all: (deliveries) => listing(deliveries, output.paint),
    none: "No deliveries.",
  });
}

async function* found(service: ServiceClient, id: string, { state, limit }: DeliveryFilter) {
  let before: string | undefined;
  for (let left = limit; left > 0;) {
    const query = { limit: Math.min(left, PAGE), before, state };
    const page = await service.ask({ path: path`/v1/webhook-endpoints/${id}/deliveries`, query }, pageSchema);
    yield* page.deliveries;
    left -= page.deliveries.length;
    if (page.next_before === null) return;
    before = page.next_before;
  }
}

const COLOUR: Record<DeliveryState, Colour> = {
  pending: "yellow",
  delivered: "green",
  given_up: "red",
  cancelled: "dim",
};

function listing(deliveries: readonly Delivery[], paint: Paint): string {
  const header = ["ID", "STATE", "EVENT", "MADE", "ATTEMPTS", "LAST ANSWER", "NEXT"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...deliveries.map(row)], paint).join("\n");
}

function row(delivery: Delivery): Cell[] {
  const { state, next_attempt_at: nextAt } = delivery;
  return [
    { text: delivery.id },
    { text: state, colour: COLOUR[state] },
    { text: delivery.type },
    { text: relativeTime(delivery.created_at) },
    { text: String(delivery.attempts) },
    { text: answerOf(delivery) },
    { text: nextAt === null ? "" : relativeTime(nextAt) },
  ];
}

function answerOf({ last_status: status, last_code: code }: Delivery): string {
  return status === null ? (code ?? "") : `HTTP ${status}`;
}
