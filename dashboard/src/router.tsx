import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Shell } from "./shell/shell.tsx";
import { NotFound } from "./shell/not-found.tsx";
import { readConnectionFilters } from "./connections/filters.ts";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./home/home.tsx"), "Home"),
});

const connections = createRoute({
  getParentRoute: () => root,
  path: "/connections",
  validateSearch: readConnectionFilters,
  component: lazyRouteComponent(() => import("./connections/connections.tsx"), "Connections"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, connections]),
  basepath: new URL(document.baseURI).pathname.replace(/\/$/, ""),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
