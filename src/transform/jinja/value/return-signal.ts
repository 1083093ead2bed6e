import type { Value } from './value.ts';

/** Thrown by `return(value)`; caught by the macro that runs. Not an error, so it carries no stack. */
export class ReturnSignal {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}
