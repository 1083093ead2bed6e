import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from '../support/chromium.ts';

const launchArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser, or undefined with a message on stderr when the machine has none and may not install one. */
export async function startBrowser(): Promise<Browser | undefined> {
  const executablePath = await findChromium();
  if (executablePath === undefined) {
    process.stderr.write(
      'No Chromium found: the tests of the page are skipped. Install it or set CHROME_PATH.\n',
    );
    return undefined;
  }
  return await chromium.launch({ executablePath, args: launchArguments, timeout: 60_000 });
}

export interface OpenPage {
  readonly page: Page;
  /** Errors of the console, uncaught errors, and requests to anywhere but the page's own server. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export interface OpenPageOptions {
  readonly colorScheme?: 'light' | 'dark';
  /** Of the window, in pixels. Default 1280, a laptop's. */
  readonly width?: number;
}

/** Opens an address in a window and notes everything that should not happen. */
export async function openPage(
  browser: Browser,
  url: string,
  options: OpenPageOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 800 },
    colorScheme: options.colorScheme ?? 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) problems.push(`foreign request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, problems, close: () => context.close() };
}
