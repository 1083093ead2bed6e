export type { Report, ReportBlock, ReportQuery, ChartBlock, ChartKind } from './report.ts';
export type { ReportData, ReportView, ReportViewBlock } from './report-view.ts';
export { readReport } from './project.ts';
export { reportKey, reportNode, type CompiledSql, type CompileSql } from './plan.ts';
export { explainReport } from './explain.ts';
export { createReportExecutor, renderReport, type RenderOptions, type ReportExecutorOptions } from './run.ts';
export { readReportView } from './view-folder.ts';
