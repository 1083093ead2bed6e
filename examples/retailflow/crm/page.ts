import type { CrmStats, CustomerRecord } from './customer-book.ts';

/** The CRM's one page: what it received. */
export function customersPage(stats: CrmStats, customers: readonly CustomerRecord[]): string {
  const fields = [...new Set(customers.flatMap((customer) => Object.keys(customer)))];
  const counts = [
    `${stats.customers} customers`,
    `${stats.requests} requests`,
    `${stats.repeatedBatches} repeated batches`,
    `${stats.refused} refused`,
  ];
  const head = fields.map((field) => `<th scope="col">${escapeHtml(field)}</th>`).join('');
  const rows = customers
    .map(
      (customer) => `<tr>${fields.map((field) => `<td>${escapeHtml(customer[field])}</td>`).join('')}</tr>`,
    )
    .join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>RetailFlow CRM</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; }
</style>
<h1>Customers</h1>
<p>${counts.join(' · ')}</p>
${stats.customers > customers.length ? `<p>The first ${customers.length}:</p>` : ''}
<table><thead><tr>${head}</tr></thead><tbody>
${rows}
</tbody></table>
</html>
`;
}

function escapeHtml(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
