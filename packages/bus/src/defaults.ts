export const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222';
export const DEFAULT_NATS_MONITORING_URL = 'http://127.0.0.1:8222';
