import type { ReactNode } from 'react';

interface SectionProps {
  readonly title: string;
  readonly count: number;
  /** What is said when there is nothing. */
  readonly none: string;
  /** A table's head and body. */
  readonly children: ReactNode;
}

/** A titled table. */
export function Section({ title, count, none, children }: SectionProps): ReactNode {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        {count > 0 && <span className="quiet">{count}</span>}
      </div>
      {count === 0 ? (
        <p className="quiet pad">{none}</p>
      ) : (
        <div className="table-scroll">
          <table>
            <caption className="unseen">{title}</caption>
            {children}
          </table>
        </div>
      )}
    </section>
  );
}
