import { cpus, release, totalmem } from 'node:os';
import { judgedValue, type KeptRow, type Line, type Pair, percentile, type Record } from './record.ts';

/** The page of all rows that were measured, in the order of `names`. */
export function reportPage(record: Record, names: readonly string[]): string {
  const rows = names.flatMap((name) => record[name] ?? []);
  const lines = rows.flatMap((row) => row.lines.map((line) => lineText(line, row)));
  return `# The engine's own cost

Steps that do nothing, so that all time is Millrace's. A ratio below 1 is within the bar.

Machine: ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version};
PostgreSQL 18 on the same machine, every commit on disk (\`fsync\` and \`synchronous_commit\` on).
*load* is the load average of one minute when the row began: a quiet machine shows about 0.

The SQLite ledger writes ahead with \`synchronous = NORMAL\`: every transition is its own transaction and survives a killed process;
after a power cut the last ones may be missing, never torn. The bar for PostgreSQL was set for two workers.

| what | measured | at most | ratio | all | load |
|---|---|---|---|---|---|
${lines.join('\n')}
${pairsTable(rows)}
\`\`\`
[DAGSTER_PYTHON=venv/bin/python] node --conditions=@millrace/source bench/engine/run.ts [--only <row>]
\`\`\`
`;
}

function lineText(line: Line, { load }: KeptRow): string {
  const { what, unit, atMost, values } = line;
  const value = judgedValue(line);
  const shown = values.map((one) => one.toFixed(2)).join(', ');
  const ratio = (value / atMost).toFixed(2);
  return `| ${what} | ${value.toFixed(2)} ${unit} | ${atMost} ${unit} | ${ratio} | ${shown} | ${load.toFixed(1)} |`;
}

function pairsTable(rows: readonly KeptRow[]): string {
  const pairs = rows.flatMap((row) => row.pairs.map((pair) => ({ pair, row })));
  const [first] = pairs;
  if (!first) return '';
  return `
## Beside Dagster ${first.pair.version}

The same graphs in turn in the same run, each with its SQLite ledger; milliseconds a step. \`multiprocess\` is a process for each step,
with us \`isolation: 'process'\`, two at a time. Starting Python, importing Dagster and building the definitions are not counted.

| what | Millrace | Dagster | ratio | all | load |
|---|---|---|---|---|---|
${pairs.map(({ pair, row }) => pairText(pair, row)).join('\n')}
`;
}

function pairText({ what, ours, theirs }: Pair, { load }: KeptRow): string {
  const ratios = ours.map((value, round) => value / (theirs[round] ?? NaN));
  const all = ratios.map((ratio) => ratio.toFixed(4)).join(', ');
  const [our, their] = [ours, theirs].map((values) => percentile(values, 0.5));
  return `| ${what} | ${our?.toFixed(2)} ms | ${their?.toFixed(1)} ms | ${percentile(ratios, 0.5).toFixed(4)} | ${all} | ${load.toFixed(1)} |`;
}
