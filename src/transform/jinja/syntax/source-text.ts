import { TemplateError } from '../error/template-error.ts';
import type { Place } from './ast.ts';

/** A template's text with line feeds only and without its last one, which is how Jinja reads it. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];

  constructor(source: string, file: string) {
    this.file = file;
    const lines = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
    this.text = lines.endsWith('\n') ? lines.slice(0, -1) : lines;
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  placeAt(offset: number): Place {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  error(
    message: string,
    place: Place,
    code: 'template_syntax' | 'template_unsupported' = 'template_syntax',
    next?: string,
  ): TemplateError {
    const origin = { file: this.file, line: place.line, column: place.column };
    return new TemplateError(
      message,
      { origin, macroCalls: [] },
      { code, ...(next === undefined ? {} : { next }) },
    );
  }
}
