import type { Tags } from 'yaml';

/** Scalars that PyYAML, which dbt reads with, knows otherwise than YAML 1.1 says: `y` and `n`, and numbers such as `1e3`, are texts. */
const patterns: Readonly<Record<string, readonly RegExp[]>> = {
  'tag:yaml.org,2002:bool': [
    /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/,
    /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  ],
  'tag:yaml.org,2002:float': [
    /^[-+]?(?:\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    /^(?:[-+]?\d[\d_]*\.[\d_]*|\.\d[\d_]*)[eE][-+]\d+$/,
    /^(?:[-+]?\d[\d_]*\.[\d_]*|\.\d[\d_]*)$/,
  ],
};

/** One text that each pattern's tag of YAML 1.1 reads, to find the tag by. */
const samples: readonly string[] = ['yes', 'no', '.inf', '1.5e+3', '1.5'];

/** The tags of YAML 1.1 as PyYAML has them; dates stay texts. */
export function pyYamlTags(tags: Tags): Tags {
  return tags.flatMap((tag): Tags[number][] => {
    if (typeof tag === 'string') return tag === 'timestamp' ? [] : [tag];
    if (tag.tag === 'tag:yaml.org,2002:timestamp') return [];
    if (!('test' in tag) || !tag.test) return [tag];
    const { test } = tag;
    const sample = samples.find((text) => test.test(text));
    const pattern = sample === undefined ? undefined : patterns[tag.tag]?.find((one) => one.test(sample));
    return [pattern ? { ...tag, test: pattern } : tag];
  });
}
