/**
 * What a cell is called: its heading, which is a comment in its first line, else that line.
 */
export function cellLabel(source: string): string {
  const lines = source.split('\n').map(line => line.trim());
  const first = lines.find(line => line !== '') ?? '';
  const heading = /^#+(?:\s*%%)?\s*(?:#+\s*)?(.*)$/.exec(first);
  return (heading && heading[1].trim()) || first;
}

/**
 * The heading of a markdown cell, as plain text; `null` where it has none.
 */
export function headingOf(source: string): string | null {
  let isCode = false;
  for (const line of source.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) {
      isCode = !isCode;
    }
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(line);
    if (heading && !isCode) {
      return heading[1]
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[*_`]/g, '');
    }
  }
  return null;
}
