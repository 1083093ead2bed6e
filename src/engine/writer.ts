/** An attempt of this process that writes something nobody else may write meanwhile. */
export interface Writer {
  readonly runId: string;
  /** True when it was told to stop and did not: its run has given it up. */
  isStraggling: boolean;
}
