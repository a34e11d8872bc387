// What a person does on the demo page.

/** Fills in the name and registers or logs in; gives the page's text of the result once there is one. */
export async function go(page, url, act, name, language = 'en') {
  await page.goto(`${url}/demo/`);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Language').selectOption(language);
  await page.getByRole('button', { name: act, exact: true }).click();
}

/** Waits for one of the component's screens. */
export const screen = (page, ...names) =>
  page.waitForSelector(names.map((name) => `selfsame-capture [data-screen="${name}"]`).join(','), { timeout: 60_000 });

/** From the welcome through the guided capture and its review to the result's text. */
export async function captureAndSend(page) {
  await screen(page, 'welcome');
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await screen(page, 'review');
  await page.getByRole('button', { name: 'Use this picture' }).click();
  await screen(page, 'passed', 'not-passed', 'received', 'not-sent');
  return page.locator('#result').textContent();
}
