import { cpus, release, totalmem, type as systemType } from 'node:os';
import { type Measurement, median } from './measure.ts';

export interface Route {
  readonly name: string;
  /** The highest ratio that is accepted. */
  readonly limit: number;
  readonly floorCommand: string;
  readonly command: string;
  /** Both as a user would type them, without the paths of this machine. */
  readonly shownCommands: readonly string[];
}

/** What a route took, round by round. */
export interface RouteResult {
  readonly route: Route;
  readonly floor: readonly Measurement[];
  readonly millrace: readonly Measurement[];
}

export interface Setting {
  readonly rows: number;
  readonly copyBytes: number;
  readonly versions: readonly string[];
  /** Processes that wanted to run, at the start and at the end: far above the processors, ratios are noise. */
  readonly loadAverages: readonly [number, number];
}

export function ratios({ floor, millrace }: RouteResult): readonly number[] {
  return millrace.map(({ wallSeconds }, round) => wallSeconds / (floor[round]?.wallSeconds ?? Number.NaN));
}

/** The page that is kept beside the benchmark. */
export function reportPage(setting: Setting, results: readonly RouteResult[]): string {
  return [
    '# Loads beside psql',
    '',
    `${setting.rows.toLocaleString('en')} rows of \`wide.sql\`, ${(setting.copyBytes / 1e6).toFixed(0)} MB as COPY BINARY. Floor and Millrace ran in turn in one run,`,
    'each as a whole process from its start to its exit; the ratio is taken within a round.',
    '',
    `Machine: ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemType()} ${release()}; the server is on the same machine.`,
    `Load average (1 minute): ${setting.loadAverages.map((load) => load.toFixed(1)).join(' before, ')} after; a quiet machine shows about 0 before.`,
    ...setting.versions.map((version) => `- ${version}`),
    '',
    '| route | floor s | Millrace s | ratio, median | ratios | limit | rows/s | MB/s | peak RSS MB |',
    '|---|---|---|---|---|---|---|---|---|',
    ...results.map((result) => tableRow(setting, result)),
    '',
    ...results.flatMap(({ route }) => [`## ${route.name}`, '', '```', ...route.shownCommands, '```', '']),
  ].join('\n');
}

function tableRow(setting: Setting, result: RouteResult): string {
  const { route, floor, millrace } = result;
  const seconds = median(millrace.map(({ wallSeconds }) => wallSeconds));
  const peaks = millrace.map(({ peakMegabytes }) => peakMegabytes).filter((peak) => peak !== undefined);
  const cells = [
    route.name,
    median(floor.map(({ wallSeconds }) => wallSeconds)).toFixed(2),
    seconds.toFixed(2),
    median(ratios(result)).toFixed(2),
    ratios(result)
      .map((ratio) => ratio.toFixed(2))
      .join(', '),
    route.limit.toFixed(1),
    `${Math.round(setting.rows / seconds / 1000)}k`,
    (setting.copyBytes / seconds / 1e6).toFixed(0),
    peaks.length === 0 ? 'unknown' : Math.max(...peaks).toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}
