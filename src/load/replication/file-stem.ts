/** The key that a file gives: `replications/shop/orders.yaml` in the folder `replications` is `shop/orders`. */
export function fileStem(file: string, folder: string): string {
  const inFolder = file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
  const parts = inFolder
    .replace(/\.ya?ml$/, '')
    .split('/')
    .map((part) => part.replace(/[^\p{L}\p{N}_.$-]+/gu, '_'));
  return parts.filter((part) => part !== '' && part !== '.' && part !== '..').join('/') || folder;
}
