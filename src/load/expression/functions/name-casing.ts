/** `orderId` and `Order-ID` become `order_id`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
}

/** `order_id` and `Order-ID` become `orderId`. */
export function camelCase(name: string): string {
  return snakeCase(name).replaceAll(/_+(.)/g, (_whole, letter: string) => letter.toUpperCase());
}
