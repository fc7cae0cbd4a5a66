import { describe, expect, it } from 'vitest';
import { bundlePage } from '@katbus/gui';

describe('the page’s bundle', () => {
  it('has all files that the page asks for, with their types, and nothing from elsewhere', async () => {
    const files = await bundlePage();
    expect([...files].map(([path, { contentType }]) => [path, contentType])).toEqual([
      ['/', 'text/html; charset=utf-8'],
      ['/app.js', 'text/javascript; charset=utf-8'],
      ['/app.css', 'text/css; charset=utf-8'],
      ['/favicon.svg', 'image/svg+xml'],
    ]);
    const html = Buffer.from(files.get('/')!.body).toString('utf8');
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]);
    for (const address of addresses) expect([...files.keys()]).toContain(address);
    const all = [...files.values()].map(({ body }) => Buffer.from(body).toString('utf8')).join('\n');
    // Names of XML namespaces look like addresses and are none.
    expect(all.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|\/\/[a-z]+\.[a-z]/);
  });

  it('needs nothing that the Content-Security-Policy forbids', async () => {
    const files = await bundlePage();
    const html = Buffer.from(files.get('/')!.body).toString('utf8');
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/ style=| on[a-z]+=|<style|<script(?! type="module" src=)/);
    const script = Buffer.from(files.get('/app.js')!.body).toString('utf8');
    expect(script).not.toMatch(/\beval\(|new Function\b|setAttribute\("style"/);
    expect(Buffer.from(files.get('/app.css')!.body).toString('utf8')).toContain('.u-wrap');
  });

  it('stays small', async () => {
    let bytes = 0;
    for (const { body } of (await bundlePage()).values()) bytes += body.length;
    expect(bytes).toBeLessThan(180_000);
  });
});
