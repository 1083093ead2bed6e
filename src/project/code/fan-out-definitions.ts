import type { JsonValue } from '../../core/json.ts';

/** What a function may find for others to be made for each: any plain data. */
type Items = readonly JsonValue[];

/** A task or asset of code that returns `{ items }`. */
export interface ItemSource {
  readonly key: string;
  readonly run: (context: never) => Promise<{ readonly items: Items }>;
}

/** One that is made for each item of another. */
export interface MadeForEach {
  readonly key: string;
  readonly forEach: ItemSource;
  readonly run: (context: never) => Promise<unknown>;
}

type ReturnedBy<Work extends { readonly run: (context: never) => Promise<unknown> }> = Awaited<
  ReturnType<Work['run']>
>;

/** An item of what `Source` finds. */
export type ItemOf<Source extends ItemSource> = ReturnedBy<Source>['items'][number];

type ValueOf<Returned> = Returned extends { readonly value: infer Value } ? Value : undefined;

/** What came of one item. */
export interface ItemResult<Item, Value> {
  /** In `task/load@shop`, it is `shop`. */
  readonly key: string;
  readonly item: Item;
  /** What the function returned as `value`. */
  readonly value: Value;
  readonly rows: number | undefined;
}

/** What came of every item of `Each`. */
export type ResultsOf<Each extends MadeForEach> = readonly ItemResult<
  ItemOf<Each['forEach']>,
  ValueOf<ReturnedBy<Each>>
>[];
