/** The history service's micro service endpoints. Requests and answers are JSON; an error is a ServiceErrorAnswer. */
export const STORE_SUBJECTS = {
  history: 'rpc.store.history',
  bins: 'rpc.store.bins',
  latest: 'rpc.store.latest',
  sensors: 'rpc.store.sensors',
  components: 'rpc.store.components',
  attributes: 'rpc.store.attributes',
  status: 'rpc.store.status',
  quarantine: 'rpc.store.quarantine',
  quarantineRetry: 'rpc.store.quarantine.retry',
  quarantineDrop: 'rpc.store.quarantine.drop',
  gaps: 'rpc.store.gaps',
  report: 'rpc.store.report',
  reportSensors: 'rpc.store.report.sensors',
  reportDays: 'rpc.store.report.days',
} as const;

/** The micro service that a store is while it stands by: it has no endpoints. */
export const STANDBY_SERVICE = 'store-standby';
