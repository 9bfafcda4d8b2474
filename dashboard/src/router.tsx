import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { readAuditFilters } from "./audit/filters.ts";
import { readConnectStep } from "./connect/connect-step.ts";
import { readConnectionFilters } from "./connections/filters.ts";
import { readIncidentFilters } from "./incidents/filters.ts";
import { NotFound } from "./shell/not-found.tsx";
import { Shell } from "./shell/shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const under = { getParentRoute: () => root };

// Each page is loaded when it is first gone to.
const pages = [
  createRoute({ ...under, path: "/", component: lazyRouteComponent(() => import("./home/home.tsx"), "Home") }),
  createRoute({
    ...under,
    path: "/connections",
    validateSearch: readConnectionFilters,
    component: lazyRouteComponent(() => import("./connections/connections.tsx"), "Connections"),
  }),
  createRoute({
    ...under,
    path: "/connections/$id",
    component: lazyRouteComponent(() => import("./connection/connection.tsx"), "ConnectionPage"),
  }),
  createRoute({
    ...under,
    path: "/connect",
    validateSearch: readConnectStep,
    component: lazyRouteComponent(() => import("./connect/connect.tsx"), "Connect"),
  }),
  createRoute({
    ...under,
    path: "/clients",
    component: lazyRouteComponent(() => import("./clients/clients.tsx"), "Clients"),
  }),
  createRoute({
    ...under,
    path: "/clients/$id",
    component: lazyRouteComponent(() => import("./clients/client.tsx"), "ClientPage"),
  }),
  createRoute({
    ...under,
    path: "/incidents",
    validateSearch: readIncidentFilters,
    component: lazyRouteComponent(() => import("./incidents/incidents.tsx"), "Incidents"),
  }),
  createRoute({
    ...under,
    path: "/incidents/$id",
    component: lazyRouteComponent(() => import("./incidents/incident.tsx"), "IncidentPage"),
  }),
  createRoute({
    ...under,
    path: "/webhooks",
    component: lazyRouteComponent(() => import("./webhooks/webhooks.tsx"), "Webhooks"),
  }),
  createRoute({
    ...under,
    path: "/webhooks/$id",
    component: lazyRouteComponent(() => import("./webhooks/endpoint.tsx"), "EndpointPage"),
  }),
  createRoute({ ...under, path: "/keys", component: lazyRouteComponent(() => import("./keys/keys.tsx"), "Keys") }),
  createRoute({
    ...under,
    path: "/api-keys",
    component: lazyRouteComponent(() => import("./api-keys/api-keys.tsx"), "ApiKeys"),
  }),
  createRoute({
    ...under,
    path: "/audit",
    validateSearch: readAuditFilters,
    component: lazyRouteComponent(() => import("./audit/audit.tsx"), "Audit"),
  }),
  createRoute({
    ...under,
    path: "/settings",
    component: lazyRouteComponent(() => import("./settings/settings.tsx"), "Settings"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(pages),
  basepath: new URL(document.baseURI).pathname.replace(/\/$/, ""),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
