import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startServer, type RunningServer } from '../../src/server/index.ts';
import { MemoryHost, type MemoryHostOptions } from './memory-host.ts';
import { openPage, startBrowser, type OpenPage, type OpenPageOptions } from './open-page.ts';
import { builtPageFolder } from './page-build.ts';
import { brokenPageLaws } from './page-laws.ts';

const setUpTimeoutMs = 600_000;

let browser: Browser | undefined;
let pageFolder = '';
const openServers: RunningServer[] = [];
const openPages: OpenPage[] = [];

beforeAll(async () => {
  browser = await startBrowser();
  if (browser) pageFolder = await builtPageFolder();
}, setUpTimeoutMs);

afterEach(async () => {
  for (const page of openPages.splice(0)) await page.close();
  for (const server of openServers.splice(0)) await server.close();
});

afterAll(() => browser?.close());

interface PageUnderTest extends OpenPage {
  readonly url: string;
}

async function open(host: MemoryHost, path: string, options: OpenPageOptions = {}): Promise<PageUnderTest> {
  if (!browser) throw new Error('no browser');
  const server = await startServer(host, { pageFolder });
  openServers.push(server);
  const page = await openPage(browser, server.url + path, options);
  openPages.push(page);
  return { ...page, url: server.url };
}

function hostWithPast(options: MemoryHostOptions = {}): MemoryHost {
  const host = new MemoryHost(options);
  host.addPastRun('', Date.now() - 900_000, ['raw/orders']);
  host.addPastRun('', Date.now() - 600_000, ['check/accepted_discounts']);
  return host;
}

/** Skips, and says so, on a machine without a browser. */
const pageTest = test.extend<{ needsBrowser: undefined }>({
  needsBrowser: [
    async ({ skip }, use) => {
      skip(browser === undefined, 'no Chromium');
      await use(undefined);
    },
    { auto: true },
  ],
});

pageTest('Run is clicked, watched and succeeds', async () => {
  const { page, problems } = await open(new MemoryHost({ stepMs: 60 }), '/');
  await page.getByText('Nothing has run yet').waitFor();
  await page.getByRole('button', { name: 'Run everything' }).click();
  await page.getByRole('heading', { name: /^Run / }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).waitFor();
  await page.locator('.kicker').getByText('Succeeded').waitFor();
  expect(await page.locator('.gantt-bar').count()).toBe(14);
  await page.getByLabel('Also the 4 checks without a finding').check();
  expect(await page.locator('.gantt-bar').count()).toBe(18);
  await page.getByRole('log').getByText('wrote 100000 rows').first().waitFor();
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.getByText('11 of 11').waitFor();
  await page.getByText('4 of 4').waitFor();
  expect(problems).toEqual([]);
});

pageTest('a run that somebody else starts shows without a click', async () => {
  const host = new MemoryHost({ stepMs: 40 });
  const { page, problems } = await open(host, '/graph');
  const card = page.locator('[data-key="marts/total_revenue"]');
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await card.getAttribute('aria-label')).toContain('Not run yet');
  await host.runs.enqueue({ selection: '' });
  await page.locator('[data-key="marts/total_revenue"].tone-good').waitFor();
  expect(await card.getAttribute('aria-label')).toContain('Succeeded');
  expect(problems).toEqual([]);
});

pageTest('a server that comes back is listened to again', async () => {
  const first = new MemoryHost();
  const { page, url } = await open(first, '/runs');
  await page.getByText('Live', { exact: true }).waitFor();
  await openServers.pop()?.close();
  await page.getByText('Connection lost, trying again').waitFor();
  const second = new MemoryHost();
  openServers.push(await startServer(second, { pageFolder, port: Number(new URL(url).port) }));
  await page.getByText('Live', { exact: true }).waitFor();
  await second.runs.enqueue({ selection: 'raw/customers' });
  await page.getByRole('row', { name: /Succeeded raw\/customers/ }).waitFor();
});

pageTest('a running step shows its progress, and Cancel ends the run', async () => {
  const { page, problems } = await open(new MemoryHost({ stepMs: 1200 }), '/runs');
  await page.getByRole('button', { name: 'Run everything' }).click();
  await page
    .getByText(/^\d+K \/ 100K rows$/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.kicker').getByText('Cancelled').waitFor();
  await page.getByRole('button', { name: 'Run again' }).waitFor();
  expect(problems).toEqual([]);
});

pageTest('a failed run says where and what to do', async () => {
  const host = new MemoryHost({ failing: ['raw/orders'] });
  const { page, problems } = await open(host, '/node/raw/orders');
  await page.getByRole('button', { name: 'Run with downstream' }).click();
  await page.locator('.kicker').getByText('Failed').waitFor();
  const failure = page.getByRole('region', { name: 'Failed' });
  expect(await failure.textContent()).toContain('The source has no column "discount" any more.');
  expect(await failure.textContent()).toContain('replications/orders.yaml:12');
  expect(await failure.textContent()).toContain('millrace run raw/orders');
  expect(await page.getByText(/steps were skipped because of that/).count()).toBe(1);
  await page.getByRole('button', { name: /raw\/orders/ }).click();
  const steps = page.locator('.log-line');
  await page.getByRole('log').getByText('has no column').waitFor();
  expect(await steps.count()).toBe(3);
  const rows = await page.locator('.gantt-row').count();
  await page.getByRole('button', { name: 'Retry what is left' }).click();
  await page.getByRole('heading', { name: 'Run 2' }).waitFor();
  expect(await page.locator('.gantt-row').count()).toBe(rows);
  expect(problems).toEqual([]);
});

pageTest('a run tells what its loads did', async () => {
  const { page, problems } = await open(hostWithPast(), '/runs/run-2');
  const table = page.getByRole('table', { name: 'What the loads did' });
  await table.waitFor();
  const row = table.getByRole('row', { name: /public\.orders/ });
  expect(await row.textContent()).toMatch(/09:30:00 → updated_at = 2026-10-14 09:30:00.*copy binary.*note/);
  expect(problems).toEqual([]);
});

pageTest('a wrong selection is refused with a reason and the dialog stays', async () => {
  const { page } = await open(new MemoryHost(), '/runs');
  await page.getByRole('button', { name: 'Run with options' }).click();
  await page.getByLabel('Selection').fill('no/such');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByText('Nothing in the project is called "no/such".').waitFor();
  await page.getByLabel('Selection').fill('raw/orders');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByRole('heading', { name: /^Run / }).waitFor();
});

pageTest('an asset shows what it is, where it comes from and its rows', async () => {
  const { page, problems } = await open(hostWithPast(), '/graph');
  await page.locator('[data-key="staging/stg_orders"]').click();
  await page.getByRole('heading', { name: 'staging/stg_orders', level: 1 }).waitFor();
  expect(await page.getByRole('table', { name: 'Columns' }).getByRole('row').count()).toBe(4);
  await page.getByRole('cell', { name: '900719925474099300' }).waitFor();
  expect(await page.locator('.checks li').count()).toBe(2);
  await page.getByRole('group', { name: 'Form of Rows at the last successes' }).getByText('Table').click();
  await page.getByText('lane copy binary').first().waitFor();
  expect(problems).toEqual([]);
});

pageTest('the search narrows the graph, and the list says the same', async () => {
  const { page } = await open(hostWithPast(), '/graph');
  await page.getByLabel('Search the graph').fill('kind:model net_revenue');
  await page.getByText('2 matches').waitFor();
  await page.locator('.card.dimmed[data-key="raw/orders"]').waitFor();
  await page.getByRole('button', { name: 'List' }).click();
  expect(await page.getByRole('rowheader').allTextContents()).toEqual([
    expect.stringContaining('marts/net_revenue_by_city'),
    expect.stringContaining('marts/net_revenue_by_country'),
  ]);
});

pageTest('the report draws its charts, gives their rows, and runs no HTML', async () => {
  const { page, problems } = await open(hostWithPast(), '/reports/revenue');
  await page.locator('.chart-place canvas').nth(1).waitFor();
  await page.getByText('€8,412,904').waitFor();
  await page.getByText('<script>alert(1)</script>').waitFor();
  await page.getByText('Table "returns" does not exist.').waitFor();
  await page.getByRole('group', { name: 'Form of Net revenue by city' }).getByText('Table').click();
  await page.getByRole('cell', { name: '€1,900,000' }).waitFor();
  expect(problems).toEqual([]);
});

pageTest('an address that leads nowhere says so', async () => {
  const { page } = await open(new MemoryHost(), '/runs/none');
  await page.getByText('There is no run "none" in the ledger.').waitFor();
});

const views = [
  ['/', 'RetailFlow'],
  ['/graph', 'Graph'],
  ['/runs', 'Runs'],
  ['/runs/run-1', 'Run 1'],
  ['/node/marts/total_discount', 'marts/total_discount'],
  ['/node/raw/orders', 'raw/orders'],
  ['/node/check/accepted_discounts', 'check/accepted_discounts'],
  ['/reports', 'Reports'],
  ['/reports/revenue', 'Revenue'],
  ['/automation', 'Automation'],
  ['/curation', 'Curation'],
  ['/nowhere', 'There is no such page'],
] as const;

pageTest.for([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
] as const)(
  'every view can be read and operated in %s colours, %s pixels wide',
  async ([colorScheme, width]) => {
    const { page, problems, url } = await open(hostWithPast(), '/', { colorScheme, width });
    for (const [path, title] of views) {
      await page.goto(url + path);
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await page.locator('main:not(:has(.loading))').waitFor();
      expect(await page.locator('html').getAttribute('data-theme')).toBe(colorScheme);
      expect({ path, broken: await brokenPageLaws(page) }).toEqual({ path, broken: [] });
    }
    expect(problems).toEqual([]);
  },
);

pageTest('a mistake in the files is told above every view, until it is mended', async () => {
  const host = hostWithPast();
  const failure = {
    kind: 'config',
    code: 'yaml_unknown_key',
    message: 'there is no key streems',
    origin: { file: 'replications/shop.yaml', line: 4 },
  } as const;
  host.wrong = { failure, atMs: Date.now() };
  const { page } = await open(host, '/graph');
  const note = page.getByRole('alert');
  await note.getByText('there is no key streems').waitFor();
  await note.getByText('replications/shop.yaml:4').waitFor();
  expect(await brokenPageLaws(page)).toEqual([]);
  host.wrong = undefined;
  await note.getByText('there is no key streems').waitFor({ state: 'detached' });
});

pageTest('workers are shown with what they do, and when they are of another version', async () => {
  const host = hostWithPast();
  const worker = { concurrency: 4, startedAtMs: Date.now() - 60_000 };
  const step = { runId: 'run-1', step: 'raw/orders' };
  const alive = { ...worker, isAlive: true, isDraining: false, manifestHash: host.manifestHash(), pools: [] };
  host.fleet = [
    { ...alive, owner: 'lake:12:x', pools: ['load'], steps: [step] },
    { ...alive, owner: 'hill:13:x', manifestHash: '0123456789', steps: [] },
    { ...alive, owner: 'moor:14:x', isAlive: false, steps: [] },
  ];
  const { page } = await open(host, '/', { width: 390 });
  const item = (name: string) => page.getByRole('listitem').filter({ hasText: name });
  await item('lake · process 12').getByText('Working', { exact: true }).waitFor();
  await item('lake').getByText('pools load').waitFor();
  await item('lake').getByRole('link', { name: 'raw/orders' }).waitFor();
  await item('hill').getByText('Has read other definitions, 01234567').waitFor();
  await item('moor').getByText('Silent').waitFor();
  expect(await brokenPageLaws(page)).toEqual([]);
});

pageTest('a backfill is paused, resumed and cancelled', async () => {
  const { page, problems } = await open(hostWithPast(), '/automation');
  const row = page.getByRole('row', { name: /2026-01-01..2026-03-31/ });
  await row.getByText('36 of 90').waitFor();
  await row.getByRole('button', { name: 'Pause' }).click();
  await row.getByText('Paused').waitFor();
  await row.getByRole('button', { name: 'Resume' }).click();
  await row.getByText('Running').waitFor();
  await row.getByRole('button', { name: 'Cancel' }).click();
  await row.getByText('Cancelled').waitFor();
  expect(await row.getByRole('button').count()).toBe(0);
  expect(problems).toEqual([]);
});

pageTest('a node tells why it is so, and how its partitions are', async () => {
  const { page, problems } = await open(hostWithPast(), '/node/raw/orders');
  await page.getByRole('heading', { name: 'Why it is so' }).waitFor();
  await page.getByText('raw/orders was made after it').waitFor();
  await page.getByText('2026-03-02..2026-03-03').waitFor();
  await page.getByText('2026-01-01..2026-01-05').waitFor();
  expect(problems).toEqual([]);
});

pageTest('the laws are told when they are broken', async () => {
  const { page } = await open(new MemoryHost(), '/');
  await page.getByText('Nothing has run yet').waitFor();
  await page.evaluate(`{
    const main = document.querySelector('main');
    main.insertAdjacentHTML('beforeend', '<h1>Another</h1><button></button><input><p>faint</p><div>wide</div>');
    main.querySelector(':scope > p').style.color = '#999';
    main.querySelector(':scope > div:last-child').style.width = '3000px';
  }`);
  expect((await brokenPageLaws(page)).map((law) => law.split(':')[0])).toEqual([
    'no name',
    'no name',
    'one <h1>',
    'wider than the window',
    'too faint',
  ]);
});

pageTest('the colours can be chosen, and the choice is kept', async () => {
  const { page } = await open(new MemoryHost(), '/', { colorScheme: 'light' });
  const background = (): Promise<string> =>
    page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const light = await background();
  await page.getByRole('button', { name: 'Dark' }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole('button', { name: 'Dark', pressed: true }).waitFor();
  expect(await background()).toBe(dark);
});

pageTest('the keyboard reaches the graph and opens a node', async () => {
  const { page } = await open(hostWithPast(), '/graph');
  const card = page.locator('[data-key="raw/orders"]');
  await card.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'raw/orders', level: 1 }).waitFor();
  expect(await page.locator('#main:focus').count()).toBe(1);
});
