import { Page } from "../design/page.tsx";

export function Webhooks() {
  return <Page title="Webhooks">{null}</Page>;
}
