import { announceSubject, explainSubject, listSubject, SUBJECTS } from '@katbus/protocol';
import { BusService, type BusConnection, type BusMessage, type ServiceAnswer } from './nats/index.ts';

/** What a component answers to others. */
export interface ComponentAnswers {
  readonly component: string;
  readonly version: string;
  readonly description: string;
  /** Differs between two processes that take one component name. */
  readonly instance: string;
  /** Answers a list request by itself, in chunks. */
  list(message: BusMessage): Promise<void>;
  /** @returns how many sensors were announced */
  announce(): Promise<number>;
  explain(message: BusMessage): ServiceAnswer;
}

/** A component as a NATS micro service, and what it answers when all components are asked. @returns what ends it */
export async function startComponentService(
  connection: BusConnection,
  answers: ComponentAnswers,
): Promise<() => Promise<void>> {
  const { component, version, description, instance } = answers;
  const announced = async () => ({ component, announced: await answers.announce() });
  const service = await BusService.start(connection, {
    name: component,
    version,
    description,
    metadata: { katbus: 'component', instance },
    endpoints: [
      {
        name: 'sensors',
        subject: listSubject(component),
        handler: async (message) => {
          await answers.list(message);
          return undefined;
        },
      },
      { name: 'attributes', subject: announceSubject(component), handler: announced },
      { name: 'explain', subject: explainSubject(component), handler: (message) => answers.explain(message) },
    ],
  });
  // A service's endpoint has a queue group, so of several components only one would answer for all.
  const undos = [
    connection.subscribe(SUBJECTS.listEverySensor, (message) => void answers.list(message)),
    connection.subscribe(SUBJECTS.announceEveryAttributes, (message) => {
      announced().then(
        (answer) => message.respond(JSON.stringify(answer)),
        () => undefined, // the connection is closed: nobody is left to be answered
      );
    }),
  ];
  return async () => {
    for (const undo of undos) undo();
    await service.stop();
  };
}
