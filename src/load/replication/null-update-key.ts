/** What becomes of rows without an update key: they are read beside the others, left out, or stop the load. */
export type NullUpdateKey = 'read' | 'skip' | 'fail';
