import type { Progress } from '../../core/executor.ts';
import type { NodeKey } from '../../core/node.ts';
import type { RunEvent, StepProgressEvent, StepStateEvent } from '../../core/run-event.ts';
import { formatBytes, formatCount, formatDuration, paint } from './output.ts';

const marks = { succeeded: '✓', failed: '✗', skipped: '-', cancelled: '-' } as const;
const redrawEveryMs = 100;
const barWidth = 20;

interface RunningStep {
  readonly startedAtMs: number;
  progress: Progress;
}

/**
 * Shows a run on standard error while it goes: on a terminal, a line for each running step with
 * rows, bytes, rate and ETA; elsewhere, one plain line as each step ends. Passed checks are only counted.
 */
export class RunProgressView {
  readonly #stream: NodeJS.WriteStream;
  readonly #running = new Map<NodeKey, RunningStep>();
  readonly #total: number;
  readonly #leastLevel: 'debug' | 'warn';
  #finished = 0;
  #drawnLines = 0;
  #drawnAtMs = 0;

  /** @param leastLevel log lines of steps from this level on are shown */
  constructor(
    totalSteps: number,
    leastLevel: 'debug' | 'warn' = 'warn',
    stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.#total = totalSteps;
    this.#leastLevel = leastLevel;
    this.#stream = stream;
  }

  show(event: RunEvent | StepProgressEvent): void {
    if (event.type === 'step_progress') {
      const step = this.#running.get(event.step);
      if (step) step.progress = { ...step.progress, ...event.progress };
      this.#draw(event.atMs, false);
    } else if (event.type === 'step_state') {
      this.#stepMoved(event);
    } else if (event.type === 'step_log') {
      const isImportant = event.level === 'warn' || event.level === 'error';
      if (!isImportant && this.#leastLevel === 'warn') return;
      const color = isImportant ? 'yellow' : 'dim';
      this.#print(`  ${paint(color, event.level, this.#stream)} ${event.step}: ${event.message}`);
    }
  }

  /** Removes what is drawn; call it once at the end. */
  end(): void {
    this.#erase();
  }

  #stepMoved(event: StepStateEvent): void {
    if (event.state === 'running') {
      this.#running.set(event.step, { startedAtMs: event.atMs, progress: {} });
      this.#draw(event.atMs, true);
      return;
    }
    const step = this.#running.get(event.step);
    this.#running.delete(event.step);
    if (event.state === 'pending') {
      if (event.reason) this.#print(`  ${paint('yellow', '↻', this.#stream)} ${event.step}: ${event.reason}`);
      return;
    }
    this.#finished += 1;
    const passedQuietly = event.state === 'succeeded' && event.outcome?.check?.passed === true;
    if (passedQuietly) return;
    const warned =
      event.outcome?.check?.passed === false || event.outcome?.metadata['warnings'] !== undefined;
    const mark = warned && event.state === 'succeeded' ? '!' : marks[event.state];
    const color =
      event.state === 'failed' ? 'red' : event.state === 'succeeded' && !warned ? 'green' : 'yellow';
    const facts = [
      step ? formatDuration(event.atMs - step.startedAtMs) : '',
      event.outcome?.rows === undefined ? '' : `${formatCount(event.outcome.rows)} rows`,
      event.failure?.message.split('\n', 1)[0] ?? event.reason ?? '',
    ].filter((fact) => fact !== '');
    this.#print(
      `${paint(color, mark, this.#stream)} ${paint('dim', `${this.#finished}/${Math.max(this.#total, this.#finished)}`, this.#stream)} ${event.step}  ${facts.join('  ')}`,
    );
    this.#draw(event.atMs, true);
  }

  #print(line: string): void {
    this.#erase();
    this.#stream.write(`${line}\n`);
  }

  #draw(nowMs: number, force: boolean): void {
    if (!this.#stream.isTTY || (!force && nowMs - this.#drawnAtMs < redrawEveryMs)) return;
    this.#erase();
    this.#drawnAtMs = nowMs;
    const width = this.#stream.columns || 100;
    const lines = [...this.#running].map(([key, step]) => describe(key, step, nowMs).slice(0, width - 1));
    if (lines.length > 0) this.#stream.write(`${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#stream.write(`\u001B[${this.#drawnLines}A\u001B[0J`);
    this.#drawnLines = 0;
  }
}

function describe(key: NodeKey, step: RunningStep, nowMs: number): string {
  const { rows, bytes, totalRows, phase } = step.progress;
  const seconds = Math.max(0.001, (nowMs - step.startedAtMs) / 1000);
  const facts = [`… ${key}`];
  if (rows !== undefined && totalRows) {
    const share = Math.min(1, rows / totalRows);
    const full = Math.round(share * barWidth);
    facts.push(`[${'█'.repeat(full)}${'·'.repeat(barWidth - full)}] ${Math.floor(share * 100)}%`);
  }
  if (rows !== undefined)
    facts.push(`${formatCount(rows)} rows`, `${formatCount(Math.round(rows / seconds))}/s`);
  if (bytes) facts.push(formatBytes(bytes));
  if (rows && totalRows && rows < totalRows) {
    facts.push(`ETA ${formatDuration(((totalRows - rows) / (rows / seconds)) * 1000)}`);
  }
  if (phase) facts.push(phase);
  facts.push(formatDuration(seconds * 1000));
  return facts.join('  ');
}
