export type { Report } from './report.ts';
export { readReport } from './project.ts';
export { reportNode } from './plan.ts';
export { explainReport } from './explain.ts';
export { createReportExecutor, renderReport } from './run.ts';
export { readReportView } from './view-folder.ts';
