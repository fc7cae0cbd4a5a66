/**
 * The vocabulary of the bus: subjects, samples, attributes, sampling, patterns, methods.
 * @module @katbus/protocol
 */
export * from './aligned-interval.ts';
export * from './attributes.ts';
export * from './bins-csv.ts';
export * from './claim.ts';
export * from './clock-epoch.ts';
export * from './duration.ts';
export * from './errors.ts';
export * from './heartbeat.ts';
export * from './history-csv.ts';
export * from './listing.ts';
export * from './names.ts';
export * from './patterns/nats-pattern.ts';
export * from './patterns/pattern.ts';
export * from './patterns/redis-glob.ts';
export * from './patterns/regular-expression.ts';
export * from './patterns/sensor-glob.ts';
export * from './policy/explanation.ts';
export * from './policy/policy-coverage.ts';
export * from './policy/policy-rule.ts';
export * from './policy/policy.ts';
export * from './policy/wildcard-glob.ts';
export * from './portal/close-codes.ts';
export * from './portal/json-rpc.ts';
export * from './portal/methods.ts';
export * from './portal/notifications.ts';
export * from './portal/sampling-strategy.ts';
export * from './presence.ts';
export * from './sample-scanner.ts';
export * from './sample.ts';
export * from './sampling/dead-band.ts';
export * from './sampling/sampler.ts';
export * from './sampling/sampling-machine.ts';
export * from './sampling/sampling-rule.ts';
export * from './status.ts';
export * from './store/bins.ts';
export * from './store/catalogue.ts';
export * from './store/history.ts';
export * from './store/joined-bins.ts';
export * from './store/operator.ts';
export * from './store/subjects.ts';
export * from './subjects.ts';
export * from './time-message.ts';
export * from './time.ts';
export * from './value.ts';
