import { builtinPackages, type MacroSet, macroIdOf } from '../context/macro-set.ts';

const block = /\{\{([\s\S]*?)\}\}|\{%([\s\S]*?)%\}/g;
const call = /(?<![\w.'"]|\|\s*)([A-Za-z_]\w*)(?:\s*\.\s*([A-Za-z_]\w*))?\s*\(/g;
const dispatchCall = /adapter\s*\.\s*dispatch\s*\(\s*(?:macro_name\s*=\s*)?['"](\w+)['"]/g;

/** Ids of the macros that a template calls by name, in the order in which it does. */
export function macroUses(text: string, macros: MacroSet): readonly string[] {
  const found = new Set<string>();
  for (const [, printed, statement] of text.matchAll(block)) {
    const code = printed ?? statement ?? '';
    for (const [, first = '', second] of code.matchAll(call)) {
      const id =
        second === undefined
          ? macroIdOf(macros, undefined, first)
          : isPackage(macros, first)
            ? macroIdOf(macros, first, second)
            : undefined;
      if (id !== undefined) found.add(id);
    }
    for (const [, name = ''] of code.matchAll(dispatchCall)) {
      const id =
        macroIdOf(macros, undefined, `${macros.adapterType}__${name}`) ??
        macroIdOf(macros, undefined, `default__${name}`);
      if (id !== undefined) found.add(id);
    }
  }
  return [...found];
}

function isPackage(macros: MacroSet, name: string): boolean {
  return macros.packages.has(name) || builtinPackages(macros).includes(name);
}
