import type { CompileSql } from './plan.ts';
import { columnsOf, type Report } from './report.ts';

/** What running a report would do, as lines for people. */
export function explainReport(report: Report, compile: CompileSql): readonly string[] {
  return report.queries.flatMap((query) => {
    const { sql, reads } = compile(query.sql, query.origin);
    const charts = report.blocks.flatMap((block) =>
      block.type === 'chart' && block.queryName === query.name
        ? [`  ${block.chart}${columnsOf(block).length === 0 ? '' : ` (${columnsOf(block).join(', ')})`}`]
        : [],
    );
    const from = reads.map((edge) => edge.from).join(', ');
    return [
      `query ${query.name}${from === '' ? '' : ` reads ${from}`}`,
      ...charts,
      ...sql.split('\n').map((line) => `    ${line}`),
    ];
  });
}
