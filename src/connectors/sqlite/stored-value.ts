/** What `node:sqlite` gives with big integers on. */
export type StoredValue = null | bigint | number | string | Uint8Array;

export type StoredRow = readonly StoredValue[];

/** A value that its column's type cannot hold. */
export class Misfit extends Error {
  override readonly name = 'Misfit';
  /** Within the batch, from 0 on. */
  readonly row: number;

  constructor(row: number, reason: string) {
    super(reason);
    this.row = row;
  }
}

/** Marks a row as NULL in a validity that is made when it is first needed. */
export function noteNull(validity: Uint8Array | undefined, rowCount: number, row: number): Uint8Array {
  const noted = validity ?? new Uint8Array(rowCount).fill(1);
  noted[row] = 0;
  return noted;
}
