import { join } from 'node:path';
import { openSqliteLedger } from '../../src/store/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { conditionMilliseconds, idleFigures } from './automation.ts';
import { besideDagster } from './beside-dagster.ts';
import { takeoverSeconds, workerMillisecondsPerStep } from './fleet.ts';
import type { Shape } from './graphs.ts';
import { graphTimes, type LoadingTimes, projectTimes } from './loading.ts';
import {
  coldRunMilliseconds,
  dispatchMilliseconds,
  handOverMilliseconds,
  history,
  millisecondsPerStep,
  queuedRunsSeconds,
  takeoverMilliseconds,
} from './measurements.ts';
import { partitionTimes, type PartitionTimes } from './partitions.ts';
import type { BenchPlace } from './place.ts';
import { type Line, type Measured, percentile } from './record.ts';
import { ownerTakeoverSeconds } from './takeover.ts';

/** Rows of the page that are measured together. */
export type Row = (place: BenchPlace) => Promise<Measured>;

const shapes: readonly Shape[] = ['wide', 'chain'];
const leaseSeconds = 3;
const atMostTakeover = leaseSeconds + 2;
const signals = [
  ['SIGKILL', 'was killed'],
  ['SIGSTOP', 'stands still'],
] as const;

/** In the order of the page. A name is for `--only`. */
export const rows: Readonly<Record<string, Row>> = {
  steps: async (place) =>
    lines(shapes, async (shape) => [
      await measured(place, `1,000 no-op assets, ${shape}, SQLite`, 'ms a step', 2, () =>
        place.newSqlite((store) => millisecondsPerStep(store, shape)),
      ),
      await measured(place, `1,000 no-op assets, ${shape}, PostgreSQL, one process`, 'ms a step', 10, () =>
        place.newPostgres((store) => millisecondsPerStep(store, shape)),
      ),
    ]),
  workers: async (place) =>
    lines(shapes, async (shape) => [
      await measured(
        place,
        `1,000 no-op assets, ${shape}, PostgreSQL and 2 workers`,
        'ms a step',
        10,
        async () => {
          const { url, schema } = await place.newSchema();
          return workerMillisecondsPerStep(url, schema, shape);
        },
      ),
    ]),
  cold: async (place) => {
    const values = coldRunMilliseconds(place.main(), place.newFolder(), 2 * place.rounds + 1);
    return {
      lines: [{ what: '`millrace run` of one no-op from a cold shell', unit: 'ms', atMost: 400, values }],
      pairs: [],
    };
  },
  loading: async (place) =>
    lines(['graph', 'project'] as const, async (kind) => {
      const times: LoadingTimes[] = [];
      for (let round = 0; round < place.rounds; round += 1)
        times.push(kind === 'graph' ? graphTimes(10_000) : await projectTimes(place.newFolder(), 10_000));
      const loading =
        kind === 'graph'
          ? 'loading 10,000 assets: graph, manifest, hash'
          : 'loading a project of 10,000 assets in 20 files of TypeScript';
      const planning =
        kind === 'graph' ? 'planning a run of all 10,000' : 'planning a run of all of that project';
      return [
        {
          what: loading,
          unit: 'ms',
          atMost: 1000,
          values: times.map(({ loadMilliseconds }) => loadMilliseconds),
        },
        {
          what: planning,
          unit: 'ms',
          atMost: 500,
          values: times.map(({ planMilliseconds }) => planMilliseconds),
        },
      ];
    }),
  handover: async (place) => {
    const inSqlite = await place.newSqlite((store) => handOverMilliseconds(store));
    const inPostgres = await place.newPostgres((store) => handOverMilliseconds(store));
    return {
      lines: [
        delays("upstream's end to downstream's first line, SQLite", inSqlite),
        delays("upstream's end to downstream's first line, PostgreSQL", inPostgres),
      ],
      pairs: [],
    };
  },
  conditions: async (place) =>
    lines([10, 2000], async (nodes) => {
      const values = await place.newSqlite((store) => conditionMilliseconds(store, nodes));
      return [
        delays(
          `upstream's end to the first line of a downstream that is eager, ${nodes} conditions, SQLite`,
          values,
        ),
      ];
    }),
  dispatch: async (place) => {
    const values = await place.newPostgres(async (owning, schema) => {
      const { url } = await place.newSchema();
      const adding = await openPostgresLedger(url, { schema });
      try {
        return await dispatchMilliseconds(owning, adding);
      } finally {
        await adding.close();
      }
    });
    return {
      lines: [delays('a run added by another process to its first line at the owner, PostgreSQL', values)],
      pairs: [],
    };
  },
  partitions: async (place) =>
    lines(['SQLite', 'PostgreSQL'], async (name) => {
      const times: PartitionTimes[] = [];
      for (let round = 0; round < place.rounds; round += 1)
        times.push(
          await (name === 'SQLite' ? place.newSqlite(partitionTimes) : place.newPostgres(partitionTimes)),
        );
      const what = `an asset with ${times[0]?.count.toLocaleString('en')} partitions in 2,000 stretches, ${name}`;
      const line = (part: string, atMost: number, value: (one: PartitionTimes) => number): Line => {
        return { what: `${what}: ${part}`, unit: 'ms', atMost, values: times.map(value) };
      };
      return [
        line('status', 100, ({ statusMilliseconds }) => statusMilliseconds),
        line('plan of a backfill, with what reads it', 200, ({ planMilliseconds }) => planMilliseconds),
        line('the same of what is missing', 200, ({ missingMilliseconds }) => missingMilliseconds),
      ];
    }),
  'takeover-owner': async (place) => {
    const cutOff = await measured(
      place,
      `another goes on for an owner that is cut off, lease ${leaseSeconds} s, SQLite`,
      's',
      atMostTakeover,
      () => place.newSqlite(async (store) => (await takeoverMilliseconds(store, leaseSeconds)) / 1000),
    );
    const others = await lines(signals, async ([signal, how]) => {
      const what = (ledger: string): string =>
        `another goes on for an owner that ${how}, lease ${leaseSeconds} s, ${ledger}`;
      return [
        await measured(place, what('SQLite'), 's', atMostTakeover, () => {
          const path = `${place.newFolder()}.db`;
          return ownerTakeoverSeconds(path, '', () => openSqliteLedger(path), leaseSeconds, signal);
        }),
        await measured(place, what('PostgreSQL'), 's', atMostTakeover, async () => {
          const { url, schema } = await place.newSchema();
          const open = (): ReturnType<typeof openPostgresLedger> => openPostgresLedger(url, { schema });
          return ownerTakeoverSeconds(url, schema, open, leaseSeconds, signal);
        }),
      ];
    });
    return { lines: [cutOff, ...others.lines], pairs: [] };
  },
  'takeover-worker': async (place) =>
    lines(signals, async ([signal, how]) => [
      await measured(
        place,
        `the step of a worker that ${how} done by another, lease ${leaseSeconds} s`,
        's',
        atMostTakeover,
        async () => {
          const { url, schema } = await place.newSchema();
          return takeoverSeconds(url, schema, leaseSeconds, signal);
        },
      ),
    ]),
  queue: async (place) =>
    lines(['SQLite'], async () => [
      await measured(place, '1,000 queued runs at limit 10, SQLite', 's', 10, () =>
        place.newSqlite(queuedRunsSeconds),
      ),
    ]),
  history: async (place) => {
    const found = await history(join(`${place.newFolder()}.db`), place.events);
    const what = `ledger after ${found.events.toLocaleString('en')} events of steps (SQLite)`;
    return {
      lines: [
        { what, unit: 'MB', atMost: 300, values: [found.bytes / 1e6] },
        { what: 'the run list then', unit: 'ms', atMost: 50, values: [found.listMilliseconds] },
      ],
      pairs: [],
    };
  },
  idle: async (place) => {
    const { cpuPercent, megabytes } = await idleFigures(place.main(), place.newFolder());
    const what = '`millrace dev`, idle, 100 sensors and 100 schedules';
    return {
      lines: [
        { what: `${what}: processor`, unit: '% of a core', atMost: 2, values: [cpuPercent] },
        { what: `${what}: memory`, unit: 'MB', atMost: 150, values: [megabytes] },
      ],
      pairs: [],
    };
  },
  'dagster-wide': (place) => besideDagster(place, 'wide'),
  'dagster-chain': (place) => besideDagster(place, 'chain'),
};

async function lines<Case>(
  cases: readonly Case[],
  measure: (one: Case) => Promise<readonly Line[]>,
): Promise<Measured> {
  const found: Line[] = [];
  for (const one of cases) found.push(...(await measure(one)));
  return { lines: found, pairs: [] };
}

async function measured(
  { rounds }: BenchPlace,
  what: string,
  unit: string,
  atMost: number,
  measureOnce: () => Promise<number>,
): Promise<Line> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await measureOnce());
  return { what, unit, atMost, values };
}

function delays(what: string, values: readonly number[]): Line {
  return {
    what: `${what}: median, 99th`,
    unit: 'ms',
    atMost: 250,
    values: [0.5, 0.99].map((share) => percentile(values, share)),
    judged: 'largest',
  };
}
