// `npm run demo`: sets itself up, runs the example shop RetailFlow from end to end, then serves the page.
//   --once          stop after the run
//   --port <port>   port of the page (4000)
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { install, root, run } from './install.mjs';

const once = process.argv.includes('--once');
const portAt = process.argv.indexOf('--port');
const port = portAt === -1 ? '4000' : process.argv[portAt + 1];

install();
run('npm', ['run', '--silent', 'build']);

const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const shop = join(root, 'examples', 'retailflow');
const millrace = join(root, 'dist', 'cli', 'main.js');

const crm = await startCrm();
const environment = { ...process.env, CRM_URL: crm.url };
const atShop = (args) =>
  spawnSync(node, [millrace, ...args], { cwd: shop, stdio: 'inherit', env: environment });

console.log('\nRetailFlow: orders -> warehouse -> models -> report and CRM\n');
const startedAtMs = Date.now();
const work = atShop(['run']);
if (work.status !== 0) {
  crm.stop();
  process.exit(work.status ?? 1);
}
console.log(`\nDone in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s. The shop in numbers:\n`);
atShop(['sql', resultsQuery()]);
console.log(
  `\nThe CRM holds what it was sent: ${crm.url}/stats -> ${await (await fetch(`${crm.url}/stats`)).text()}`,
);
console.log('Nobody reads these (millrace curate):\n');
atShop(['curate']);

if (once) {
  crm.stop();
} else {
  console.log(`\nThe CRM is at ${crm.url}. The page:`);
  const page = spawn(node, [millrace, 'dev', '--port', port], {
    cwd: shop,
    stdio: 'inherit',
    env: environment,
  });
  const stop = () => page.kill('SIGTERM');
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  page.on('exit', (code) => {
    crm.stop();
    process.exit(code ?? 1);
  });
}

/** The CRM of the example: the one that already listens on its usual port, or a new one. */
async function startCrm() {
  const usual = 'http://127.0.0.1:4010';
  const running = await fetch(`${usual}/stats`).then(
    (answer) => answer.ok,
    () => undefined,
  );
  if (running) return { url: usual, stop: () => {} };
  const args = [join(shop, 'crm', 'server.ts'), '--port', running === undefined ? '4010' : '0'];
  const child = spawn(node, args, { cwd: shop, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((resolve, reject) => {
    let heard = '';
    child.once('exit', (code) => reject(new Error(`the CRM ended with code ${code}`)));
    child.stdout.on('data', (chunk) => {
      heard += chunk;
      const found = /http:\/\/[\d.]+:\d+/.exec(heard)?.[0];
      if (found) resolve(found);
    });
  });
  return { url, stop: () => child.kill() };
}

function resultsQuery() {
  return [
    "select 'orders' as figure, count(*)::varchar as value from {{ ref('stg_orders') }}",
    "select 'total revenue', total_revenue::varchar from {{ ref('total_revenue') }}",
    "select 'total discount', total_discount::varchar from {{ ref('total_discount') }}",
    "select 'customers', count(*)::varchar from {{ ref('customer_lifetime_value') }}",
    "select 'best city', max_by(city, net_revenue) from {{ ref('net_revenue_by_city') }}",
    "select 'best country', max_by(country, net_revenue) from {{ ref('net_revenue_by_country') }}",
  ].join(' union all ');
}
