import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveSystem } from '../../../../test/support/live-system.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { DEFAULT_ASSETS } from '../../src/http/assets.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/http-server.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, { description: string; content?: Record<string, object> }>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly components: { readonly responses: Readonly<Record<string, object>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

describe('the OpenAPI document', () => {
  let system: LiveSystem;
  let document: Document;
  beforeAll(async () => {
    system = await LiveSystem.start({ limits: { listStallMs: 300 } });
    const wx = await system.join('wx');
    wx.addSensor({ name: 'station.wind-speed', type: 'float', units: 'm/s', description: 'wind' });
    wx.addSensor({ name: 'station.rain', type: 'float', units: 'mm', description: 'rain' });
    wx.update('station.wind-speed', 7.25);
    await waitFor(
      async () => (await fetch(`${system.portalUrl}/api/history?sensor=wx.station_wind_speed`)).ok,
      { what: 'the sample to be archived' },
    );
    document = (await (await fetch(`${system.portalUrl}/api/openapi.json`)).json()) as Document;
  }, 30_000);
  afterAll(() => system.stop());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );

  test('is one of OpenAPI 3.1, says a stock validator', async () => {
    expect(
      await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>),
    ).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.info.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('has every route of the server, and no other', async () => {
    const added: string[] = [];
    const app = createHttpServer({
      assets: DEFAULT_ASSETS,
      version: '0.0.0',
    } as unknown as HttpServerOptions);
    app.addHook('onRoute', ({ method, url }) => {
      if (method !== 'HEAD') added.push(`${String(method)} ${url}`);
    });
    await app.ready();
    await app.close();
    const documented = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(documented.length).toBeGreaterThan(8);
    expect(documented.sort()).toEqual(added.sort());
  });

  test('describes every route, parameter and answer', () => {
    for (const { path, operation } of operations()) {
      expect([path, operation.summary]).toEqual([path, expect.stringMatching(/.{10}/)]);
      for (const { name, description } of operation.parameters ?? [])
        expect([path, name, description]).toEqual([path, name, expect.stringMatching(/.{10}/)]);
      for (const [status, { description }] of Object.entries(operation.responses))
        expect([path, status, description]).toEqual([
          path,
          status,
          expect.stringMatching(/^(?!Default Response).{2}/),
        ]);
    }
    const ids = operations().flatMap(({ operation: { operationId } }) => operationId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('says the truth: every route answers its examples as documented', async () => {
    const ajv = new Ajv2020({ strict: false, formats: { binary: true } }).addSchema(document, 'document');
    const asked: string[] = [];
    for (const { path, operation } of operations()) {
      for (const url of exampleUrls(path, operation)) {
        const answer = await fetch(system.portalUrl + url);
        const body = await answer.text();
        const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
        const content = operation.responses[answer.status]?.content;
        expect([url, answer.status, Object.keys(content ?? {})]).toEqual([
          url,
          url.startsWith('/ws') ? 426 : 200,
          expect.arrayContaining([type]),
        ]);
        asked.push(url);
        if (type !== 'application/json') continue;
        const place = ['paths', path, 'get', 'responses', answer.status, 'content', type, 'schema'];
        const check = ajv.compile({ $ref: `document#/${place.map(pointer).join('/')}` });
        expect([url, check(JSON.parse(body)), check.errors]).toEqual([url, true, null]);
      }
    }
    expect(asked.length).toBeGreaterThan(15);
  });

  test('has what any request may be answered with, and what no path’s own methods are', async () => {
    for (const { path, operation } of operations())
      expect([path, Object.keys(operation.responses)]).toEqual([path, expect.arrayContaining(['431'])]);
    expect(document.components.responses).toHaveProperty('MethodNotAllowed');
    const ajv = new Ajv2020({ strict: false }).addSchema(document, 'document');
    const refused = await fetch(`${system.portalUrl}/api/list`, { method: 'POST' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const tooLarge = await fetch(`${system.portalUrl}/api/list?filter=${'a'.repeat(200_000)}`);
    expect(tooLarge.status).toBe(431);
    const schemas = [
      'document#/components/responses/MethodNotAllowed/content/application~1json/schema',
      'document#/paths/~1api~1list/get/responses/431/content/application~1json/schema',
    ];
    for (const [place, answer] of [refused, tooLarge].entries()) {
      const check = ajv.compile({ $ref: schemas[place]! });
      expect([check(await answer.json()), check.errors]).toEqual([true, null]);
    }
  });

  test('says the truth about errors', async () => {
    const ajv = new Ajv2020({ strict: false }).addSchema(document, 'document');
    const check = ajv.compile({ $ref: 'document#/components/schemas/HttpError' });
    for (const { path, operation } of operations()) {
      if (operation.parameters === undefined) continue;
      const answer = await fetch(`${system.portalUrl}${path}?nothing=1`);
      expect([path, answer.status, Object.keys(operation.responses)]).toEqual([
        path,
        400,
        expect.arrayContaining(['400']),
      ]);
      expect(check(await answer.json())).toBe(true);
    }
    expect(check({ error: 'no' })).toBe(false);
  });
});

const examplesOf = ({ example, examples = {} }: Parameter): unknown[] =>
  example === undefined ? Object.values(examples).map(({ value }) => value) : [example];

/** With the required parameters alone, and with each example of each parameter beside them. */
function exampleUrls(path: string, { parameters = [] }: Operation): string[] {
  const queryOf = (chosen: readonly (readonly [string, unknown])[]) =>
    chosen.flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encodeURIComponent(String(one))}`),
    );
  const required = parameters.filter((each) => each.required === true);
  const least = required.map((each) => [each.name, examplesOf(each)[0]] as const);
  const choices = parameters.flatMap((each) =>
    examplesOf(each).map((value) => [
      ...least.filter(([other]) => other !== each.name),
      [each.name, value] as const,
    ]),
  );
  return [least, ...choices].map((chosen) =>
    [path, queryOf(chosen).join('&')].filter((part) => part !== '').join('?'),
  );
}

function pointer(part: string | number): string {
  return encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
}
