/**
 * Words about cells with the numbers that cells have here: the server counts from 0, users from 1.
 * What is quoted stays as it is, and
 * what is a `code cell` in words has its number already.
 */
export function numbered(words: string): string {
  return words
    .split('`')
    .map((part, at) =>
      at % 2
        ? part
        : part.replace(
            /(?<!code )(\bcells? )(\d+(?:(?:, | and | or )\d+)*)/g,
            (_, before: string, numbers: string) =>
              before + numbers.replace(/\d+/g, it => String(Number(it) + 1))
          )
    )
    .join('`');
}
