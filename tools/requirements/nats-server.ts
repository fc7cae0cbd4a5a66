import { findNatsServer } from '@katbus/cli/nats-server';
import { missing } from './requirement.ts';
import type { Requirement } from './requirement.ts';

/** The look-up is that of the program itself; this only puts it among the others. */
export const natsServer: Requirement = {
  name: 'nats-server',
  async find(onProgress) {
    try {
      const { version, source, path } = await findNatsServer({ onProgress });
      return { state: 'found', what: `${version} from ${source}: ${path}` };
    } catch (error) {
      return missing(error);
    }
  },
};
