import type { Page } from "playwright-core";
import type { DashboardWorld } from "../stage/dashboard-world.ts";

/** Paths under `/dashboard/` by the route that they are of: each page in each state that looks different. */
export function pagesOf({ connections, clients, incident, endpoint }: DashboardWorld): Record<string, string[]> {
  return {
    "/": [""],
    "/connections": ["connections", "connections?status=degraded&cause=unknown", "connections?q=nobody-is-called-so"],
    "/connections/$id": [...Object.values(connections), "con_unknown"].map((id) => `connections/${id}`),
    "/connect": ["connect", "connect?provider=google", `connect?client=${clients.settled}`],
    "/clients": ["clients"],
    "/clients/$id": [...Object.values(clients), "cli_unknown"].map((id) => `clients/${id}`),
    "/incidents": ["incidents"],
    "/incidents/$id": [incident, "inc_unknown"].map((id) => `incidents/${id}`),
    "/webhooks": ["webhooks"],
    "/webhooks/$id": [endpoint, "whe_unknown"].map((id) => `webhooks/${id}`),
    "/keys": ["keys"],
    "/api-keys": ["api-keys"],
    "/audit": ["audit"],
    "/settings": ["settings"],
  };
}

/** Every path that the router knows. */
export function routesOf(page: Page): Promise<string[]> {
  return page.evaluate(`Object.keys(__TSR_ROUTER__.routesByPath)`);
}
