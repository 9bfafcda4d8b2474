import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./design/tokens.css";
import { showTheme, storedTheme } from "./shell/theme-switch.tsx";
import { queryClient } from "./api/query-client.ts";
import { router } from "./router.tsx";

// What components add to the page as style sheets carries the nonce of this page (CSP 3, §7).
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
if (nonce !== undefined) setNonce(nonce);

showTheme(storedTheme());
const root = document.querySelector("#root");
if (!root) throw new Error("The page has no place for the dashboard.");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
