import { type Measurement, median } from './measure.ts';
import { machineLines } from './millrace-program.ts';
import type { RouteResult } from './route.ts';

export interface Setting {
  readonly title: string;
  /** What was measured and how, one line each. */
  readonly about: readonly string[];
  /** Rows that a route moves. */
  readonly rows: number;
  readonly versions: readonly string[];
  /** Processes that wanted to run at the start: far above the processors, ratios are noise. */
  readonly loadBefore: number;
}

export function ratios({ floor, millrace }: RouteResult): readonly number[] {
  return millrace.map(({ wallSeconds }, round) => wallSeconds / (floor[round]?.wallSeconds ?? Number.NaN));
}

/** 0 when every route keeps within its limits. */
export function exitCodeOf(results: readonly RouteResult[]): number {
  const keeps = (result: RouteResult): boolean =>
    median(ratios(result)) <= result.route.limit &&
    (peakMegabytes(result) ?? 0) <= (result.route.limitMegabytes ?? Infinity);
  return results.every(keeps) ? 0 : 1;
}

function peakMegabytes({ millrace }: RouteResult): number | undefined {
  const peaks = millrace.map((one) => one.peakMegabytes).filter((peak) => peak !== undefined);
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}

/** The page that is kept beside the benchmark. */
export function reportPage(setting: Setting, results: readonly RouteResult[]): string {
  const withSling = results.some(({ sling }) => sling.length > 0);
  return [
    `# ${setting.title}`,
    '',
    ...setting.about,
    'Floor and Millrace ran in turn in one run, each as a whole process from its start to its exit; the ratio is taken within a round.',
    '',
    ...machineLines(setting.loadBefore),
    ...setting.versions.map((version) => `- ${version}`),
    '',
    `| route | floor s | Millrace s | ratio, median | ratios | limit | rows/s | peak RSS MB | limit |${withSling ? ' Sling s | Sling / Millrace |' : ''}`,
    `|---|---|---|---|---|---|---|---|---|${withSling ? '---|---|' : ''}`,
    ...results.map((result) => tableRow(setting.rows, result, withSling)),
    '',
    ...results.flatMap(({ route }) => [`## ${route.name}`, '', '```', ...route.shownCommands, '```', '']),
  ].join('\n');
}

function tableRow(rows: number, result: RouteResult, withSling: boolean): string {
  const { route, floor, millrace, sling } = result;
  const seconds = median(millrace.map(({ wallSeconds }) => wallSeconds));
  const cells = [
    route.name,
    median(floor.map(({ wallSeconds }) => wallSeconds)).toFixed(2),
    seconds.toFixed(2),
    median(ratios(result)).toFixed(2),
    ratios(result)
      .map((ratio) => ratio.toFixed(2))
      .join(', '),
    String(route.limit),
    `${Math.round(rows / seconds / 1000)}k`,
    peakMegabytes(result)?.toFixed(0) ?? 'unknown',
    String(route.limitMegabytes ?? ''),
    ...(withSling ? slingCells(sling, seconds) : []),
  ];
  return `| ${cells.join(' | ')} |`;
}

function slingCells(sling: readonly Measurement[], millraceSeconds: number): readonly string[] {
  if (sling.length === 0) return ['not run', ''];
  const seconds = median(sling.map(({ wallSeconds }) => wallSeconds));
  return [seconds.toFixed(2), (seconds / millraceSeconds).toFixed(1)];
}
