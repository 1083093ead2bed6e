import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startMillrace, type RunningCommand } from '../support/millrace-command.ts';
import { copyShop, type ShopCopy } from '../support/shop-copy.ts';
import { openPage, startBrowser } from './open-page.ts';
import { builtPageFolder } from './page-build.ts';

const historyOrders = 3000;
const setUpTimeoutMs = 600_000;

let browser: Browser | undefined;
let shop: ShopCopy;
let dev: RunningCommand;

beforeAll(async () => {
  browser = await startBrowser();
  await builtPageFolder();
  shop = await copyShop(historyOrders);
  dev = startMillrace(['dev', '--port', '0', '--no-schedules', '--json'], {
    cwd: shop.folder,
    env: shop.env,
  });
}, setUpTimeoutMs);

afterAll(async () => {
  dev.child.kill('SIGTERM');
  await dev.result;
  await browser?.close();
  await shop.remove();
});

/** What `dev --json` prints first. */
function address(): Promise<string> {
  return new Promise((resolve, reject) => {
    dev.child.stdout?.on('data', (chunk: Buffer) => {
      const url = /"url":"([^"]+)"/.exec(chunk.toString())?.[1];
      if (url) resolve(url);
    });
    dev.child.once('exit', (code) => reject(new Error(`dev ended with ${code}`)));
  });
}

test('the shop: Run is clicked, every step succeeds, the report has its charts', async ({ skip }) => {
  if (!browser) return skip('no Chromium');
  const url = await address();
  const opened = await openPage(browser, url);
  const { page, problems } = opened;
  await page.getByRole('button', { name: 'Run everything' }).click();
  const steps = page.getByText(/of \d+ steps succeeded/);
  await vi.waitFor(async () => expect(await steps.textContent()).toMatch(/\b(\d+) of \1 steps/), {
    timeout: 50_000,
    interval: 200,
  });

  await page.goto(`${url}/reports/revenue`);
  await page.getByText('Net revenue by day').waitFor();
  await page.locator('canvas, svg[role="img"], [_echarts_instance_]').first().waitFor();
  expect(await page.getByText('3,000', { exact: true }).count()).toBeGreaterThan(0);
  expect(problems).toEqual([]);
  expect(shop.crm.customers().length).toBeGreaterThan(0);
  await opened.close();
});
