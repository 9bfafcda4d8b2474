import type { Page } from "playwright-core";
import { loaded } from "../stage/dashboard.ts";

/** Opens what each button of a page opens, unless one of that name was opened before, and closes it again. */
export async function openDialogs(
  page: Page,
  opened: Set<string>,
  look: (name: string) => Promise<void>,
): Promise<void> {
  const dialog = page.getByRole("dialog");
  for (const button of await page.locator("[aria-haspopup=dialog]:visible:enabled").all()) {
    const name = (await button.textContent()) ?? "";
    if (opened.has(name)) continue;
    opened.add(name);
    await button.click();
    await dialog.waitFor();
    await loaded(page);
    await look(name);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }
}
