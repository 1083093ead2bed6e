import type * as room from '../../transform/index.ts';

export type TransformRoom = typeof room;

let loaded: TransformRoom | undefined;

/** The room that builds models. It is a fifth of the program, and many projects have none, so that they do not load it. */
export async function loadTransformRoom(): Promise<TransformRoom> {
  loaded ??= await import('../../transform/index.ts');
  return loaded;
}

/** The same at once, for who has a project of models: the room has read it. */
export function transformRoom(): TransformRoom {
  if (!loaded) throw new Error('a project of models that nobody has read');
  return loaded;
}
