import { describe, expect, it } from 'vitest';
import { LogPrinter } from '../../src/up/log-printer.ts';

function printerWithLines(showsDebug = false) {
  const lines: string[] = [];
  return { printer: new LogPrinter((line) => lines.push(line), showsDebug), lines };
}
const TIME = new Date(2026, 10, 22, 5, 4, 3, 21).getTime();

describe('the log lines of up', () => {
  it('are time, who and what, with the fields that are more than the message', () => {
    const { printer, lines } = printerWithLines();
    printer.printDaemonLine(
      'store',
      JSON.stringify({
        level: 30,
        time: TIME,
        pid: 1,
        hostname: 'vm',
        name: 'store',
        msg: 'opened',
        days: 3,
      }),
    );
    expect(lines).toEqual(['05:04:03.021 store       opened days=3']);
  });

  it('mark what is not well, and say why', () => {
    const { printer, lines } = printerWithLines();
    printer.printDaemonLine('store', JSON.stringify({ level: 40, time: TIME, msg: 'slow' }));
    printer.printDaemonLine(
      'store',
      JSON.stringify({ level: 60, time: TIME, msg: 'failed', err: { message: 'disk full', stack: 'x' } }),
    );
    expect(lines.map((line) => line.slice(13))).toEqual([
      'store       WARN slow',
      'store       ERROR failed: disk full',
    ]);
  });

  it('show what is no log line, such as a stack of Node, and let no control character through', () => {
    const { printer, lines } = printerWithLines();
    printer.printDaemonLine('portal', 'SyntaxError: \u001b[31mwrong');
    printer.printDaemonLine('portal', '');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('WARN SyntaxError: \\x1b[31mwrong');
  });

  it("leave nats-server's chatter to those who ask for it", () => {
    const line = '[12] 2026/11/22 05:00:00.123456 [INF] Server is ready';
    const quiet = printerWithLines();
    quiet.printer.printNatsLine(line);
    quiet.printer.printNatsLine('[12] 2026/11/22 05:00:00.123456 [ERR] no space left');
    expect(quiet.lines).toHaveLength(1);
    expect(quiet.lines[0]).toContain('ERROR no space left');
    const chatty = printerWithLines(true);
    chatty.printer.printNatsLine(line);
    expect(chatty.lines[0]).toContain('Server is ready');
  });
});
