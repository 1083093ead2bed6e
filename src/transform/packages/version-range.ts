import { ConfigError } from '../../core/errors.ts';

interface Version {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: string;
}

const pattern = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-?([a-zA-Z][0-9A-Za-z.-]*))?(?:\+.*)?$/;
const bound = /^\s*(>=|<=|>|<|==?)?\s*(\S+)\s*$/;

/** The highest of `available` that fits every one of `wanted` (`>=0.8.0`, `1.1.1`); prereleases only where they are allowed or asked for by name. */
export function newestFitting(
  available: readonly string[],
  wanted: readonly string[],
  allowsPrerelease: boolean,
): string | undefined {
  const bounds = wanted.map((text) => boundOf(text));
  const isNamed = (version: string): boolean =>
    bounds.some(({ operator, text }) => operator === '=' && compare(parse(text), parse(version)) === 0);
  return available
    .filter((version) => pattern.test(version))
    .filter((version) => bounds.every((limit) => fits(parse(version), limit)))
    .filter((version) => allowsPrerelease || parse(version).prerelease === '' || isNamed(version))
    .toSorted((left, right) => compare(parse(left), parse(right)))
    .at(-1);
}

interface Bound {
  readonly operator: string;
  readonly text: string;
}

function boundOf(text: string): Bound {
  const [, operator = '=', version = ''] = bound.exec(text) ?? [];
  if (!pattern.test(version)) {
    throw new ConfigError(`"${text}" is no version, such as 1.1.1 or >=1.0.0`, { code: 'package_invalid' });
  }
  return { operator: operator === '==' ? '=' : operator, text: version };
}

function fits(version: Version, { operator, text }: Bound): boolean {
  const order = compare(version, parse(text));
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    default:
      return order === 0;
  }
}

function parse(text: string): Version {
  const [, major = '0', minor = '0', patch = '0', prerelease = ''] = pattern.exec(text) ?? [];
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease };
}

/** A prerelease comes before the release. */
function compare(left: Version, right: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = left.numbers[index] - right.numbers[index];
    if (difference !== 0) return difference;
  }
  if (left.prerelease === right.prerelease) return 0;
  if (left.prerelease === '' || right.prerelease === '') return left.prerelease === '' ? 1 : -1;
  return left.prerelease < right.prerelease ? -1 : 1;
}
