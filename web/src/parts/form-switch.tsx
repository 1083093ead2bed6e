import type { ReactNode } from 'react';

export type Form = 'chart' | 'table';

interface FormSwitchProps {
  readonly form: Form;
  readonly choose: (form: Form) => void;
  /** What is shown one way or the other. */
  readonly of: string;
}

/** Lets everybody read a chart's figures. */
export function FormSwitch({ form, choose, of }: FormSwitchProps): ReactNode {
  return (
    <div className="segments small" role="group" aria-label={`Form of ${of}`}>
      {(['chart', 'table'] as const).map((one) => (
        <button key={one} type="button" aria-pressed={form === one} onClick={() => choose(one)}>
          {one === 'chart' ? 'Chart' : 'Table'}
        </button>
      ))}
    </div>
  );
}
