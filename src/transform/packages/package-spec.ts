import type { YamlPath } from '../files/yaml-file.ts';

/** A package as a project asks for it. */
export type PackageSpec =
  | { readonly type: 'local'; readonly path: string; readonly at: SpecPlace }
  | {
      readonly type: 'hub';
      readonly name: string;
      readonly versions: readonly string[];
      readonly allowsPrerelease: boolean;
      readonly at: SpecPlace;
    }
  | {
      readonly type: 'git';
      readonly url: string;
      readonly revisions: readonly string[];
      readonly subdirectory: string | undefined;
      readonly at: SpecPlace;
    }
  | { readonly type: 'tarball'; readonly url: string; readonly name: string; readonly at: SpecPlace };

/** Where a package is asked for. */
export interface SpecPlace {
  readonly file: string;
  readonly line?: number;
  readonly path: YamlPath;
  /** Absolute folder of that file. */
  readonly folder: string;
}

/** A package at one version, as the lock file has it. */
export type LockedPackage =
  | { readonly type: 'local'; readonly path: string }
  | { readonly type: 'hub'; readonly name: string; readonly version: string }
  | {
      readonly type: 'git';
      readonly url: string;
      readonly revision: string;
      readonly subdirectory: string | undefined;
    }
  | { readonly type: 'tarball'; readonly url: string; readonly name: string };
