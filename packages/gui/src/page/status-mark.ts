import type { Status } from '@katbus/protocol';

const SVG = 'http://www.w3.org/2000/svg';

/** A status as a mark of its own shape and colour; the shapes are symbols in index.html, so that no colour is needed to tell them apart. */
export class StatusMark {
  readonly element = document.createElementNS(SVG, 'svg');
  readonly #use = document.createElementNS(SVG, 'use');
  #status: Status | undefined;

  constructor(status: Status) {
    this.element.setAttribute('viewBox', '0 0 16 16');
    this.element.setAttribute('aria-hidden', 'true');
    this.element.append(this.#use);
    this.show(status);
  }

  show(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.element.setAttribute('class', `mark status-${status}`);
    this.#use.setAttribute('href', `#mark-${status}`);
  }
}
