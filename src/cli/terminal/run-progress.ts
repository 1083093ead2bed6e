import type { NodeKey } from '../../core/node.ts';
import type { RunEvent, StepProgressEvent, StepStateEvent } from '../../core/run-event.ts';
import { formatCount, formatDuration, paint } from './output.ts';
import { progressLine, type RunningStep, withProgress } from './progress-line.ts';

const marks = { succeeded: '✓', failed: '✗', skipped: '-', cancelled: '-' } as const;
const redrawEveryMs = 200;
/** A step that is over sooner is only seen as it ends. */
const shownAfterMs = 500;

/**
 * Shows a run on standard error while it goes: on a terminal, a line for each running step with
 * rows, bytes, rate and ETA; elsewhere, one plain line as each step ends. Passed checks are only counted.
 */
export class RunProgressView {
  readonly #stream: NodeJS.WriteStream;
  readonly #running = new Map<NodeKey, RunningStep>();
  readonly #total: number;
  readonly #leastLevel: 'debug' | 'warn';
  readonly #timer: NodeJS.Timeout | undefined;
  #finished = 0;
  #drawnLines = 0;

  /** @param leastLevel log lines of steps from this level on are shown */
  constructor(
    totalSteps: number,
    leastLevel: 'debug' | 'warn' = 'warn',
    stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.#total = totalSteps;
    this.#leastLevel = leastLevel;
    this.#stream = stream;
    this.#timer = stream.isTTY ? setInterval(() => this.#draw(''), redrawEveryMs).unref() : undefined;
  }

  show(event: RunEvent | StepProgressEvent): void {
    if (event.type === 'step_progress') {
      const step = this.#running.get(event.step);
      if (step) this.#running.set(event.step, withProgress(step, event.progress, event.atMs));
    } else if (event.type === 'step_state') {
      this.#stepMoved(event);
    } else if (event.type === 'step_log') {
      const isImportant = event.level === 'warn' || event.level === 'error';
      if (!isImportant && this.#leastLevel === 'warn') return;
      const color = isImportant ? 'yellow' : 'dim';
      this.#print(`  ${paint(color, event.level, this.#stream)} ${event.step}: ${event.message}`);
    }
  }

  /** Removes what is drawn; call it at the end. */
  end(): void {
    clearInterval(this.#timer);
    this.#running.clear();
    this.#draw('');
  }

  #stepMoved(event: StepStateEvent): void {
    if (event.state === 'running') {
      const { step: key, atMs: startedAtMs } = event;
      this.#running.set(key, { key, startedAtMs, progress: {}, samples: [] });
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
  }

  #print(line: string): void {
    this.#draw(`${line}\n`);
  }

  /** Puts lines that stay above those that change, all in one writing, so that nothing flickers. */
  #draw(above: string): void {
    if (!this.#stream.isTTY) {
      if (above !== '') this.#stream.write(above);
      return;
    }
    const lines = this.#lines(Date.now());
    const up = this.#drawnLines > 0 ? `\u001B[${this.#drawnLines}A` : '';
    if (above === '' && lines.length === 0 && up === '') return;
    const erased = above === '' ? '' : '\u001B[0J';
    const drawn = lines.map((line) => `${line}\u001B[K\n`).join('');
    this.#stream.write(`${up}${erased}${above}${drawn}\u001B[0J`);
    this.#drawnLines = lines.length;
  }

  #lines(nowMs: number): readonly string[] {
    const width = (this.#stream.columns || 80) - 1;
    const room = Math.max(1, (this.#stream.rows || 24) - 2);
    const shown = [...this.#running.values()].filter(
      ({ startedAtMs }) => nowMs - startedAtMs >= shownAfterMs,
    );
    const lines = shown.slice(0, room).map((step) => progressLine(step, nowMs, width));
    return shown.length > room
      ? [...lines.slice(0, room - 1), `… and ${shown.length - room + 1} more`]
      : lines;
  }
}
