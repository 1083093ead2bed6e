export { compileSql } from './compile.ts';
export { explainTransform } from './explain.ts';
export { readTransformProject, type TransformProject } from './project.ts';
export type { TransformOptions } from './reading/manifest-reader.ts';
export { createTransformExecutor } from './run.ts';
