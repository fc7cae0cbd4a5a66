import { RequestError } from './errors.ts';
import type { MethodRun } from './methods.ts';

export const unsubscribe: MethodRun<'unsubscribe'> = ({ id }, { session }) => {
  if (!session.unsubscribe(id))
    throw new RequestError('notFound', `the session has no subscription ${id}`, 'id');
  return {};
};
