import { STATUSES, type Status } from '@katbus/protocol';
import { element, setText } from './element.ts';
import type { SensorBook } from './sensor-book.ts';
import { StatusMark } from './status-mark.ts';

interface StatusButton {
  readonly status: Status;
  readonly element: HTMLButtonElement;
  readonly count: HTMLElement;
}

/** How many sensors have each status, worst first; pressed, a button shows only its own. */
export class StatusButtons {
  readonly #book: SensorBook;
  readonly #buttons: readonly StatusButton[];
  #pressed: Status | undefined;

  constructor(root: HTMLElement, book: SensorBook, onChange: (status: Status | undefined) => void) {
    this.#book = book;
    this.#buttons = [...STATUSES].reverse().map((status) => {
      const count = element('b');
      const button = element('button', {
        className: 'status-button',
        attributes: { type: 'button', 'data-testid': `status-${status}` },
        children: [new StatusMark(status).element, count, element('span', { text: status })],
      });
      button.addEventListener('click', () => {
        this.#pressed = this.#pressed === status ? undefined : status;
        this.paint();
        onChange(this.#pressed);
      });
      return { status, element: button, count };
    });
    root.append(...this.#buttons.map((button) => button.element));
  }

  paint(): void {
    for (const button of this.#buttons) {
      const count = this.#book.countOf(button.status);
      const pressed = this.#pressed === button.status;
      setText(button.count, String(count));
      // A status that no sensor has is left out, unless it is pressed: the way back must stay.
      button.element.hidden = count === 0 && !pressed;
      button.element.setAttribute('aria-pressed', String(pressed));
    }
  }
}
