import { REPORT_PAGE, STORE_SUBJECTS } from '@katbus/protocol';

/** What an archive's keeper asks, in the words of the bus and of HTTP. */
export interface ReportQuestion {
  readonly name: string;
  readonly subject: string;
  readonly request: Readonly<Record<string, string | number>>;
  /** At the portal. */
  readonly path: string;
}

const limit = REPORT_PAGE.mostSensors;

export const QUESTIONS: readonly ReportQuestion[] = [
  { name: 'the archive', subject: STORE_SUBJECTS.report, request: {}, path: '/api/report' },
  ofSensors('never seen', { finding: 'never-seen', limit }),
  ofSensors('silent since', { finding: 'silent', order: 'silent', limit }),
  ofSensors('rate', { order: 'rate', limit }),
  ofSensors('stuck values', { order: 'unchanged', limit }),
  ofSensors('gaps', { order: 'longest-gap', limit }),
  ofSensors('out of order', { finding: 'out-of-order', order: 'out-of-order', limit }),
  ofSensors('by name, a pattern', { filter: 'receiver_9.*_temp', limit }),
  {
    name: 'days',
    subject: STORE_SUBJECTS.reportDays,
    request: { limit: 100 },
    path: '/api/report/days?limit=100',
  },
];

/** A page of as many sensors as one may have. */
function ofSensors(name: string, request: Readonly<Record<string, string | number>>): ReportQuestion {
  const query = new URLSearchParams(Object.entries(request).map(([field, value]) => [field, String(value)]));
  return {
    name,
    subject: STORE_SUBJECTS.reportSensors,
    request,
    path: `/api/report/sensors?${query.toString()}`,
  };
}
