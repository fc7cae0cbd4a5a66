import { findCassandra } from '../cassandra/jars.ts';
import { missing } from './requirement.ts';
import type { Requirement } from './requirement.ts';

export const cassandra: Requirement = {
  name: 'cassandra',
  async find(onProgress) {
    try {
      const { version, java, jars } = await findCassandra(onProgress);
      return { state: 'found', what: `${version} in ${jars}, with ${java}` };
    } catch (error) {
      return missing(error);
    }
  },
};
