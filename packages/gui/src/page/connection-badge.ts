import type { ClientState } from '@katbus/client';
import { setText } from './element.ts';
import { ageText, timeOfDayText } from './time-text.ts';

/** After so long without a message although the connection stands, the page says so. */
const SILENCE_SECONDS = 15;

/** Where the page shows how it stands with the portal. */
export interface BadgeElements {
  readonly root: HTMLElement;
  readonly text: HTMLElement;
  /** Apart from the text, which is read out when it changes. */
  readonly countdown: HTMLElement;
  readonly retry: HTMLButtonElement;
}

/** How the page stands with the portal, in words and by a mark; a lost connection is said loudly, because the values then stand still. */
export class ConnectionBadge {
  readonly #elements: BadgeElements;
  #state: ClientState = { name: 'connecting' };
  #retryAtMs = 0;
  #heardMs: number | undefined;
  #lostAt = '';
  #incomplete: string | undefined;

  constructor(elements: BadgeElements, onRetry: () => void) {
    this.#elements = elements;
    elements.retry.addEventListener('click', onRetry);
  }

  show(state: ClientState): void {
    if (this.#state.name === 'open' && state.name !== 'open') {
      this.#lostAt = `; what you see is from ${timeOfDayText(Date.now() / 1_000)} UTC`;
    }
    if (state.name === 'open') this.#lostAt = '';
    this.#state = state;
    this.#retryAtMs = performance.now() + (state.delayMs ?? 0);
    this.#heardMs = undefined;
  }

  heard(): void {
    this.#heardMs = performance.now();
  }

  /** @param reason what a snapshot could not read; undefined when it read all */
  incomplete(reason: string | undefined): void {
    this.#incomplete = reason;
  }

  paint(): void {
    const { root, text, countdown, retry } = this.#elements;
    const [mood, words] = this.#words();
    root.dataset.mood = mood;
    root.dataset.state = this.#state.name;
    const isWaiting = this.#state.name === 'waiting';
    retry.hidden = !isWaiting;
    setText(text, words);
    const restSeconds = Math.max(0, Math.ceil((this.#retryAtMs - performance.now()) / 1_000));
    setText(countdown, isWaiting ? `trying again in ${restSeconds} s` : '');
    document.body.dataset.live = String(this.#state.name === 'open');
  }

  #words(): [mood: 'good' | 'doubtful' | 'bad', words: string] {
    const { name, disconnect } = this.#state;
    switch (name) {
      case 'open': {
        if (this.#incomplete !== undefined)
          return ['doubtful', `connected, but incomplete: ${this.#incomplete}`];
        const silentSeconds = this.#heardMs === undefined ? 0 : (performance.now() - this.#heardMs) / 1_000;
        return silentSeconds > SILENCE_SECONDS
          ? ['doubtful', `connected, but nothing has come for ${ageText(silentSeconds)}`]
          : ['good', 'connected'];
      }
      case 'connecting':
        return this.#lostAt === '' ? ['doubtful', 'connecting'] : ['bad', `connecting again${this.#lostAt}`];
      case 'waiting':
        return ['bad', `no connection to the portal${this.#lostAt}`];
      case 'closed':
        return [
          'bad',
          `the portal ended the connection (${disconnect?.code} ${disconnect?.reason}): reload the page`,
        ];
    }
  }
}
