import { Page } from "../design/page.tsx";

export function Keys() {
  return <Page title="Encryption keys">{null}</Page>;
}
