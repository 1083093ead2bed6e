import { useEffect, type ReactNode } from 'react';

interface PageHeadProps {
  readonly title: string;
  /** Above the title: what kind of thing this is. */
  readonly kicker?: ReactNode;
  readonly description?: ReactNode;
  /** Buttons to the right. */
  readonly children?: ReactNode;
}

/** The head of a view; also names the browser's tab. */
export function PageHead({ title, kicker, description, children }: PageHeadProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · Millrace`;
  }, [title]);
  return (
    <div className="page-head">
      <div>
        {kicker && <div className="kicker">{kicker}</div>}
        <h1>{title}</h1>
        {description && <p className="lead">{description}</p>}
      </div>
      {children && <div className="page-actions">{children}</div>}
    </div>
  );
}
