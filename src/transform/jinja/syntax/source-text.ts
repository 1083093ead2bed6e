import { TemplateError } from '../error/template-error.ts';
import type { Place } from './ast.ts';

/** A template's text with line feeds only and without its last one, which is how Jinja reads it. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  #lastLine = 0;

  constructor(source: string, file: string) {
    this.file = file;
    const lines = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
    this.text = lines.endsWith('\n') ? lines.slice(0, -1) : lines;
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  /** Quick where the offsets that are asked for go up. */
  placeAt(offset: number): Place {
    let line = (this.#lineStarts[this.#lastLine] ?? 0) <= offset ? this.#lastLine : 0;
    while ((this.#lineStarts[line + 1] ?? Number.POSITIVE_INFINITY) <= offset) line += 1;
    this.#lastLine = line;
    return { line: line + 1, column: offset - (this.#lineStarts[line] ?? 0) + 1 };
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
