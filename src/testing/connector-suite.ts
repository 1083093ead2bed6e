import { connectionCases, readingEndCases, wrongSettingsCase } from './ending-cases.ts';
import { givenStreamCases } from './given-stream-cases.ts';
import { readingCases } from './reading-cases.ts';
import { databaseCases, stagingCases } from './staging-cases.ts';
import { SuiteBench } from './suite-bench.ts';
import type { SuiteOptions } from './suite-options.ts';
import type { SuiteCase } from './suite-test.ts';

/**
 * Registers the tests that every connector must pass, with the test runner given. Which there are follows from the
 * connector's `roles`; what it cannot do yet stands in `gaps`, with the reason.
 * @param name shown above the tests
 * @throws Error when a gap names a test that does not exist
 */
export function connectorSuite<Config>(name: string, options: SuiteOptions<Config>): void {
  const { runner, gaps = [] } = options;
  const cases = casesOf(options);
  for (const gap of gaps) {
    if (!cases.some((one) => one.name === gap.skip))
      throw new Error(`${name}: there is no test '${gap.skip}' that could be skipped`);
  }
  runner.describe(name, () => {
    const bench = new SuiteBench(options) as SuiteBench<unknown>;
    runner.before(async () => void (await bench.connection()));
    runner.after(() => bench.close());
    for (const one of cases) {
      const gap = gaps.find(({ skip }) => skip === one.name);
      const { refuses } = one;
      if (gap?.refused && refuses)
        runner.test(`refuses what it cannot keep: ${one.name} (${gap.reason})`, () => refuses(bench));
      else if (gap) runner.test.skip(`${one.name} (${gap.reason})`, () => one.run(bench));
      else runner.test(one.name, () => one.run(bench));
    }
  });
}

function casesOf<Config>({ connector, wrong, stream }: SuiteOptions<Config>): readonly SuiteCase[] {
  const roles = connector.roles ?? [];
  const has = (role: (typeof roles)[number]): boolean => roles.includes(role);
  return [
    ...connectionCases,
    ...(wrong ? [wrongSettingsCase] : []),
    ...(has('source') ? sourceCases(stream) : []),
    ...(has('target') && has('source') ? stagingCases : []),
    ...(has('database') ? databaseCases : []),
  ];
}

function sourceCases(givenStream: string | undefined): readonly SuiteCase[] {
  return givenStream === undefined ? [...readingCases, ...readingEndCases] : givenStreamCases;
}
