import { describe, expect, it } from 'vitest';
import { isStatus, STATUSES, statusRank, worseStatus } from '@katbus/protocol';

describe('statuses', () => {
  it('are ordered from best to worst', () => {
    expect(STATUSES.map(statusRank)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(worseStatus('warn', 'unknown')).toBe('warn');
    expect(worseStatus('error', 'unreachable')).toBe('error');
  });

  it('are seven words only', () => {
    expect(isStatus('nominal')).toBe(true);
    expect(isStatus('Nominal')).toBe(false);
    expect(isStatus(0)).toBe(false);
  });
});
