import type { StepRecord } from '../../../core/ledger.ts';
import { formatCount, formatDuration, paint, printLine } from '../../terminal/output.ts';
import type { ResultStatus } from '../../../transform/index.ts';
import type { NodeResult } from './run-results.ts';
import type { Workspace } from './workspace.ts';

type Node = NonNullable<ReturnType<Workspace['transform']['manifest']['byId']['get']>>;

const words: Readonly<Record<ResultStatus, string>> = {
  success: 'OK',
  pass: 'PASS',
  warn: 'WARN',
  fail: 'FAIL',
  error: 'ERROR',
  skipped: 'SKIP',
};

const colors: Readonly<Record<ResultStatus, 'green' | 'yellow' | 'red'>> = {
  success: 'green',
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  error: 'red',
  skipped: 'yellow',
};

const stateWords: Readonly<Partial<Record<StepRecord['state'], string>>> = {
  failed: 'failed',
  skipped: 'skipped',
};

/** Says on standard error, while a run goes on, how many steps have ended and which of them went wrong. */
export function createProgress(
  isQuiet: boolean,
): (step: Pick<StepRecord, 'key' | 'state'>, total: number) => void {
  let ended = 0;
  return ({ key, state }, total) => {
    if (isQuiet || state === 'running' || state === 'pending') return;
    ended += 1;
    const word = stateWords[state];
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001B[K${ended} of ${total} ${word === undefined ? '' : word} ${key}`);
    if (process.stderr.isTTY && ended === total) process.stderr.write('\r\u001B[K');
  };
}

/** One line for each result, what went wrong in full, and dbt's counts. */
export function printResults(workspace: Workspace, results: readonly NodeResult[], isQuiet: boolean): void {
  const { manifest } = workspace.transform;
  const digits = String(results.length).length;
  for (const [index, result] of results.entries()) {
    if (isQuiet) break;
    const node = manifest.byId.get(result.id);
    const { type, name } = titleOf(node, result);
    const detail = [
      result.message !== null && (result.status === 'success' || result.status === 'warn')
        ? result.message
        : '',
      result.status === 'skipped' ? '' : `in ${formatDuration(result.finishedAtMs - result.startedAtMs)}`,
    ].filter((part) => part !== '');
    printLine(
      `${String(index + 1).padStart(digits)} of ${results.length}  ${paint(colors[result.status], words[result.status].padEnd(5))}  ${type} ${name}  ${detail.join(' ')}`.trimEnd(),
    );
  }
  for (const result of results) {
    if (result.status !== 'error' && result.status !== 'fail') continue;
    const node = manifest.byId.get(result.id);
    printLine();
    printLine(
      `${paint('red', result.status === 'fail' ? 'Failure' : 'Error')} in ${node?.kind ?? 'operation'} ${node ? nameOf(node) : result.id}${node ? ` (${node.origin.file})` : ''}`,
    );
    printLine(`  ${(result.message ?? '').replaceAll('\n', '\n  ')}`);
    if (result.sample !== undefined) printLine(`  ${result.sample}`);
  }
  printLine();
  printLine(`Done. ${countsText(results)}`);
}

/** How a line names a node: `table model main.orders`. */
function titleOf(
  node: Node | undefined,
  { id, relation }: NodeResult,
): { readonly type: string; readonly name: string } {
  if (!node) return { type: 'operation', name: id };
  if (node.kind === 'test') return { type: 'test', name: nameOf(node) };
  const { customMaterialization, materialized } = node.config;
  return {
    type: node.kind === 'model' ? `${customMaterialization ?? materialized} model` : node.kind,
    name: relation?.replaceAll('"', '').split('.').slice(-2).join('.') ?? node.name,
  };
}

function nameOf({ name, dataset }: Node): string {
  return dataset ? `${name} of ${dataset.value}` : name;
}

function countsText(results: readonly NodeResult[]): string {
  const count = (...statuses: readonly ResultStatus[]): number =>
    results.filter(({ status }) => statuses.includes(status)).length;
  const counts: readonly [string, number][] = [
    ['PASS', count('success', 'pass')],
    ['WARN', count('warn')],
    ['ERROR', count('error', 'fail')],
    ['SKIP', count('skipped')],
    ['TOTAL', results.length],
  ];
  return counts.map(([word, value]) => `${word}=${formatCount(value)}`).join(' ');
}
