import { describe, expect, it } from 'vitest';
import { cutShort, tableLines } from '../../src/output/table.ts';

const columns = [
  { title: 'SENSOR', shrinks: 'cut' as const },
  { title: 'VALUE', align: 'right' as const },
  { title: 'UNITS' },
];
const cell = (text: string) => ({ text });

describe('a text table', () => {
  it('is as wide as its widest cells, with no spaces at the ends of lines', () => {
    expect(tableLines(columns, [['host.cpu', '3.5', '%'].map(cell), ['x', '12345', ''].map(cell)])).toEqual([
      'SENSOR    VALUE  UNITS',
      'host.cpu    3.5  %',
      'x         12345',
    ]);
  });

  it('cuts what may be cut to the width of the terminal, and nothing else', () => {
    const lines = tableLines(columns, [['host.a_very_long_name_of_a_sensor', '3.5', '%'].map(cell)], 30);
    expect(lines[1]).toBe('host.a_very_lon…    3.5  %');
    expect(lines.every((line) => line.length <= 30)).toBe(true);
    const narrow = tableLines(columns, [['host.a_very_long_name', '1234567890123', 'km/s'].map(cell)], 10);
    expect(narrow[1]).toContain('1234567890123');
  });

  it('hides what may be hidden before it cuts what a line is about', () => {
    const described = [...columns, { title: 'DESCRIPTION', shrinks: 'hide' as const }];
    const rows = [['host.a_very_long_name', '3.5', '%', 'What it is, in many words'].map(cell)];
    expect(tableLines(described, rows, 60)[1]).toBe(
      'host.a_very_long_name    3.5  %      What it is, in many wo…',
    );
    expect(tableLines(described, rows, 40)[1]).toBe('host.a_very_long_name    3.5  %');
  });

  it('colours a cell without counting the escape sequences', () => {
    const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
    const [, row] = tableLines(columns, [[{ text: 'a', colour: red }, cell('1'), cell('m')]]);
    expect(row).toBe('\u001b[31ma\u001b[39m           1  m');
  });

  it('does not pad every line to the length of an endless cell', () => {
    const rows = [['a', 'x'.repeat(1_000_000), 'm'].map(cell), ['b', '1', 'm'].map(cell)];
    expect(tableLines(columns, rows).map((line) => line.length)).toEqual([315, 311, 311]);
  });

  it('counts characters, not UTF-16 units', () => {
    expect(cutShort('𝄞𝄞𝄞', 3)).toBe('𝄞𝄞𝄞');
    expect(cutShort('µ°Ωabc', 4)).toBe('µ°Ω…');
  });
});
