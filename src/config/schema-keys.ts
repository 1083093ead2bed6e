import { z } from 'zod';

/** Keys that the object at `path` of a schema knows; empty when there is no object with fixed keys. */
export function schemaKeys(schema: z.ZodType, path: readonly (string | number)[]): readonly string[] {
  const keys = new Set<string>();
  for (const found of descend(unwrap(schema), path)) {
    if (found instanceof z.ZodObject) for (const key of Object.keys(found.shape)) keys.add(key);
  }
  return [...keys];
}

function descend(schemas: readonly z.ZodType[], path: readonly (string | number)[]): readonly z.ZodType[] {
  const [step, ...rest] = path;
  if (step === undefined) return schemas;
  const children = schemas.flatMap((schema) => {
    if (schema instanceof z.ZodObject) {
      const child = (schema.shape as Record<string, z.ZodType>)[String(step)];
      return child ? unwrap(child) : [];
    }
    if (schema instanceof z.ZodRecord) return unwrap(schema.valueType as z.ZodType);
    if (schema instanceof z.ZodArray) return unwrap(schema.element as z.ZodType);
    return [];
  });
  return descend(children, rest);
}

function unwrap(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => unwrap(option as z.ZodType));
  if (schema instanceof z.ZodPipe) return unwrap(schema.in as z.ZodType);
  return [schema];
}
