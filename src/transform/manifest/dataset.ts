import type { JsonObject } from '../../core/json.ts';

/** One of the datasets that a part of a project is built for: `eu` of `database: [eu, us, jp]`. */
export interface Dataset {
  /** Name of the dimension: of the variable that templates see, and of the column that `ref_all` adds. */
  readonly dimension: string;
  readonly value: string;
  /** Variables that only this dataset has, the dimension's among them. */
  readonly vars: JsonObject;
}

/** Where a template stands, which decides what its names mean: its package, and the dataset that it is built for. */
export interface Home {
  readonly packageName: string;
  /** Absent for what is built once. */
  readonly dataset: Dataset | undefined;
}

/** Tells homes of a project apart. */
export function homeName({ packageName, dataset }: Home): string {
  return dataset ? `${packageName}/${datasetTag(dataset)}` : packageName;
}

/** The tag that everything of a dataset has: `database:eu`. */
export function datasetTag({ dimension, value }: Pick<Dataset, 'dimension' | 'value'>): string {
  return `${dimension}:${value}`;
}

export function isSameDataset(one: Dataset | undefined, other: Dataset | undefined): boolean {
  return one?.dimension === other?.dimension && one?.value === other?.value;
}

/** dbt's id with the dataset at its end: `model.shop.orders.eu`. */
export function idFor(dataset: Dataset | undefined, id: string): string {
  return dataset ? `${id}.${dataset.value}` : id;
}

/** `fqn` as people select by it: the dataset stands before the last `names` parts, as if it were a folder. */
export function fqnFor(
  dataset: Dataset | undefined,
  fqn: readonly string[],
  names: number = 1,
): readonly string[] {
  return dataset ? [...fqn.slice(0, -names), dataset.value, ...fqn.slice(-names)] : fqn;
}
