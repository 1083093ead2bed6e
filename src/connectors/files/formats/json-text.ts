/** A number as it was written, where a double would lose digits. */
interface RawJson {
  readonly rawJSON: string;
}

const json = JSON as typeof JSON & {
  rawJSON(text: string): RawJson;
};

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Significant digits that a double always keeps. */
const exactDigits = 15;

/** Parses JSON so that `JSON.stringify` gives every number back with all its digits. */
export function parseJson(text: string): unknown {
  const reviver: SourceReviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExact(source) ? json.rawJSON(source) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

function isExact(source: string): boolean {
  if (source.length <= exactDigits) return !/e\+?[0-9]{3}/i.test(source);
  const digits = source.replace(/e.*$/i, '').replaceAll(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
  return digits.length <= exactDigits && !/e\+?[0-9]{3}/i.test(source);
}

/** A whole number of any size for `JSON.stringify`. */
export function exactInteger(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : json.rawJSON(String(value));
}

/** True for objects of JSON, which numbers as written are not. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) !== null
  );
}
