export { compileSql } from './compile.ts';
export { explainTransform } from './explain.ts';
export { readTransformProject, type TransformProject } from './project.ts';
export { createTransformExecutor } from './run.ts';
