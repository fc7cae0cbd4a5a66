/**
 * The broker with which a component publishes its sensors.
 * @module @katbus/bus
 */
export { Broker, type BrokerEvent } from './broker.ts';
export { BROKER_DEFAULTS, type BrokerOptions } from './broker-options.ts';
export { DEFAULT_NATS_URL } from './defaults.ts';
export { NameTakenError, partyText, UsageError } from './errors.ts';
export { setupBus, type StreamSetup, type StreamSetupOptions } from './stream-setup.ts';
export type { PolicyEvent, PolicyStanding } from './policy/component-policies.ts';
export type { SensorDefinition } from './sensor-definition.ts';
export type { Sensor, UpdateOptions } from './sensor.ts';
export type { ComponentValue } from './sensor-value.ts';
export { TimerWheel, type WheelEntry } from './throttle/timer-wheel.ts';
export type { ThrottleCounters } from './throttle/throttle-counters.ts';
