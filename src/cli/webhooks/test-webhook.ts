import { testedSchema } from "../../api/webhook-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

/** Throws `CommandFailure` when the message did not arrive. */
export async function testWebhook(service: ServiceClient, output: Output, id: string): Promise<void> {
  const request = { method: "POST", path: path`/v1/webhook-endpoints/${id}/test` } as const;
  const { delivered, status, code, duration_ms: took } = await service.ask(request, testedSchema);
  if (!delivered) {
    throw new CommandFailure({
      exit: "failed",
      code: code ?? "failed",
      detail: status === null ? `It did not arrive (${code}).` : `It was answered with HTTP ${status}.`,
      next: "Any 2xx is a success. docs/events.md explains the codes.",
      more: { status },
    });
  }
  output.result({ delivered, status, duration_ms: took }, () => `It arrived: HTTP ${status} after ${took} ms.`);
}
